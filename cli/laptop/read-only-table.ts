import type { Table } from '../../functions/state/table.ts';

/**
 * A table that is read where it is deployed, and written nowhere but in memory: a plan writes its journal, and nobody
 * else must find it.
 */
export const readOnlyTable = (deployed: Table, memory: Table): Table => ({
  get: async (key) => (await memory.get(key)) ?? deployed.get(key),
  getMany: async (keys) => {
    const own = await memory.getMany(keys);
    const isOwn = ({ pk, sk }: { pk: string; sk: string }): boolean =>
      own.some((item) => item.pk === pk && item.sk === sk);
    return [...own, ...(await deployed.getMany(keys.filter((key) => !isOwn(key))))];
  },
  query: async (pk, skPrefix) => {
    const own = await memory.query(pk, skPrefix);
    const there = await deployed.query(pk, skPrefix);
    return [...there.filter(({ sk }) => !own.some((item) => item.sk === sk)), ...own].sort((a, b) =>
      a.sk < b.sk ? -1 : 1,
    );
  },
  put: (item, condition) => memory.put(item, condition),
  setFields: (key, attribute, fields) => memory.setFields(key, attribute, fields),
  remove: (key, condition) => memory.remove(key, condition),
});
