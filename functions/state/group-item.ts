import type { GroupRecord, Imposed } from '../domain/group-record.ts';

/**
 * Settings that were put in force, and taken back, at the same times: recorded, applied, giving back, given back, as
 * far as it came.
 */
interface ImposedTogether {
  settings: string[];
  times: (string | null)[];
}

/** A group's record as the table keeps it: every kilobyte of it is paid for at every write, and 400 are the most. */
export type GroupItem = Omit<GroupRecord, 'imposed'> & { imposed: ImposedTogether[] };

/** The record as it is stored. */
export const toGroupItem = (record: GroupRecord): GroupItem => {
  const together = new Map<string, ImposedTogether>();
  for (const { setting, recordedAt, appliedAt, givingBackAt, givenBackAt } of record.imposed) {
    const times = [recordedAt, appliedAt ?? null, givingBackAt ?? null, givenBackAt ?? null];
    while (times.at(-1) === null) times.pop();
    const key = times.join();
    const known = together.get(key) ?? { settings: [], times };
    known.settings.push(setting);
    together.set(key, known);
  }
  return { ...record, imposed: [...together.values()] };
};

/** The stored record as the rules know it. The settings come by their times; their order says nothing. */
export const fromGroupItem = (item: GroupItem): GroupRecord => ({
  ...item,
  imposed: item.imposed.flatMap((together) => {
    // Written by a release before this one, one by one.
    if ('setting' in together) return [together as unknown as Imposed];
    const { settings, times } = together;
    const [recordedAt, appliedAt, givingBackAt, givenBackAt] = times;
    return settings.map((setting) => ({
      setting,
      recordedAt: recordedAt ?? '',
      ...(appliedAt ? { appliedAt } : {}),
      ...(givingBackAt ? { givingBackAt } : {}),
      ...(givenBackAt ? { givenBackAt } : {}),
    }));
  }),
});
