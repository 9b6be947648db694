import type { Item, Key, Table } from '../functions/state/table.ts';
import { itemBytes, refuseItem, refuseKey, refuseKeyCondition } from './dynamodb-rules.ts';

/** How often something was written, for tests that count. */
export interface WriteCounts {
  incidents: number;
  groups: number;
  launches: number;
  resizes: number;
  journal: number;
  notices: number;
  /**
   * Write units of all of them: one for each begun kilobyte of an item (DynamoDB Developer Guide, "Read and write
   * operations").
   */
  units: number;
  /** Units of consistent reads: one for each begun four kilobytes of an item. */
  readUnits: number;
}

type Kind = Exclude<keyof WriteCounts, 'units' | 'readUnits'>;

/** A table in memory, with what production cannot do: list everything, and count. */
export interface MemoryTable extends Table {
  /** Every item, partition by partition. */
  list(): Item[];
  counts: WriteCounts;
}

const kindOf = ({ pk, sk }: Key): Kind | undefined => {
  if (pk === 'incidents') return 'incidents';
  if (pk === 'notices') return 'notices';
  if (sk.startsWith('journal#')) return 'journal';
  if (sk === 'record') return 'groups';
  if (sk === 'resize') return 'resizes';
  return sk.startsWith('launch') ? 'launches' : undefined;
};

const bytesPerReadUnit = 4096;
const bytesPerWriteUnit = 1024;

/** A value of which nothing can be changed any more, at any depth. */
const freeze = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
};

/**
 * A table in memory that refuses what DynamoDB refuses. Items are kept as they would come back, and frozen, so that nobody
 * can change what is stored by holding on to it.
 *
 * @param onInsert told of every new item, as the table's stream would be
 * @param countsUnits whether units are counted, which takes a while
 */
export const createMemoryTable = (
  onInsert: (item: Item) => void = () => {},
  countsUnits = true,
): MemoryTable => {
  const partitions = new Map<string, Map<string, Item>>();
  const counts: WriteCounts = {
    incidents: 0,
    groups: 0,
    launches: 0,
    resizes: 0,
    journal: 0,
    notices: 0,
    units: 0,
    readUnits: 0,
  };
  const stored = ({ pk, sk }: Key): Item | undefined => partitions.get(pk)?.get(sk);
  const units = (item: Item | undefined, bytesPerUnit: number): number =>
    item === undefined ? 1 : Math.max(1, Math.ceil(itemBytes(item) / bytesPerUnit));
  const countRead = (item: Item | undefined): void => {
    if (countsUnits) counts.readUnits += units(item, bytesPerReadUnit);
  };
  const countWrite = (key: Key, item: Item | undefined): void => {
    const kind = kindOf(key);
    if (kind !== undefined) counts[kind] += 1;
    if (countsUnits) counts.units += units(item, bytesPerWriteUnit);
  };
  const write = (item: Item): void => {
    refuseItem(item);
    const partition = partitions.get(item.pk) ?? new Map<string, Item>();
    partitions.set(item.pk, partition);
    partition.set(item.sk, freeze(JSON.parse(JSON.stringify(item))));
  };
  const hasVersion = (item: Item | undefined, version: number): boolean =>
    (item?.record as { version?: number } | undefined)?.version === version;

  return {
    counts,

    list: () => [...partitions.values()].flatMap((partition) => [...partition.values()]),

    get: async (key) => {
      refuseKey(key);
      const item = stored(key);
      countRead(item);
      return item;
    },

    getMany: async (keys) =>
      keys.flatMap((key) => {
        refuseKey(key);
        const item = stored(key);
        countRead(item);
        return item ?? [];
      }),

    query: async (pk, skPrefix) => {
      refuseKeyCondition(pk, skPrefix);
      const items = [...(partitions.get(pk) ?? [])]
        .filter(([sk]) => sk.startsWith(skPrefix ?? ''))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, item]) => item);
      // A query is paid for as one read of all that it finds.
      if (countsUnits) {
        const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
        counts.readUnits += Math.max(1, Math.ceil(bytes / bytesPerReadUnit));
      }
      return items;
    },

    put: async (item, condition) => {
      refuseKey(item);
      countWrite(item, item);
      const before = stored(item);
      if (
        condition === 'absent' ? before !== undefined : condition && !hasVersion(before, condition.version)
      ) {
        return false;
      }
      write(item);
      const after = stored(item);
      if (before === undefined && after !== undefined) onInsert(after);
      return true;
    },

    setFields: async (key, attribute, fields) => {
      refuseKey(key);
      const item = stored(key);
      countWrite(key, item);
      if (item === undefined) return false;
      write({ ...item, [attribute]: { ...(item[attribute] as object), ...fields } });
      return true;
    },

    remove: async (key, condition) => {
      refuseKey(key);
      const item = stored(key);
      // A removal is paid for as what it removes.
      countWrite(key, item);
      if (condition !== undefined && !hasVersion(item, condition.version)) return false;
      partitions.get(key.pk)?.delete(key.sk);
      return true;
    },
  };
};
