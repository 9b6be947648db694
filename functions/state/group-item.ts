import type {
  Baseline,
  GroupRecord,
  Hold,
  Imposed,
  KeptSizes,
  LaunchedInstance,
  Overridden,
} from '../domain/holds/group-record.ts';
import { fromUnixMilliseconds, unixMilliseconds } from '../domain/times.ts';

/**
 * Settings that were put in force, and taken back, at the same times: recorded, applied, giving back, given back, as
 * far as it came.
 */
interface ImposedTogether {
  settings: string[];
  /** Milliseconds since 1970: a third of the bytes of a text. A release before this one wrote texts. */
  times: (number | string | null)[];
}

/** Holds and baseline, without what is empty. */
type PackedHold = Omit<Hold, 'protectsInstances'> & { protectsInstances?: boolean };
type PackedBaseline = Omit<Baseline, 'suspendedProcesses' | 'protectedInstances'> &
  Partial<Pick<Baseline, 'suspendedProcesses' | 'protectedInstances'>>;

/** Sizes that are those of the baseline, and seen with it: only the highest desired capacity is worth its bytes. */
interface SinceBaseline {
  desiredHighest: number;
}

/** A group's record as the table keeps it: every kilobyte of it is paid for at every write, and 400 are the most. */
export type GroupItem = Omit<GroupRecord, 'imposed' | 'kept' | 'holds' | 'baseline' | 'overridden'> & {
  imposed: ImposedTogether[];
  kept?: KeptSizes | SinceBaseline;
  holds: PackedHold[];
  baseline?: PackedBaseline;
  overridden?: Overridden[];
};

/** What the ARN of a group ends with. */
const arnEnd = (autoScalingGroupName: string): string => `:autoScalingGroupName/${autoScalingGroupName}`;

const packTime = (at: string | undefined): number | string | null =>
  at === undefined ? null : (unixMilliseconds(at) ?? at);

const unpackTime = (at: number | string | null | undefined): string | undefined =>
  typeof at === 'number' ? fromUnixMilliseconds(at) : (at ?? undefined);

const packBaseline = ({ suspendedProcesses, protectedInstances, ...rest }: Baseline): PackedBaseline => ({
  ...rest,
  ...(suspendedProcesses.length === 0 ? {} : { suspendedProcesses }),
  ...(protectedInstances.length === 0 ? {} : { protectedInstances }),
});

const packHold = ({ protectsInstances, ...hold }: Hold): PackedHold => ({
  ...hold,
  ...(protectsInstances ? { protectsInstances } : {}),
});

const packImposed = (imposed: Imposed[]): ImposedTogether[] => {
  const together = new Map<string, ImposedTogether>();
  for (const { setting, recordedAt, appliedAt, givingBackAt, givenBackAt, refusedAt } of imposed) {
    const times = [recordedAt, appliedAt, givingBackAt, givenBackAt, refusedAt].map(packTime);
    while (times.at(-1) === null) times.pop();
    const key = times.join();
    const known = together.get(key) ?? { settings: [], times };
    known.settings.push(setting);
    together.set(key, known);
  }
  return [...together.values()];
};

const isOfBaseline = (
  { since, minSize, maxSize, desiredCapacity, scheduledActions }: KeptSizes,
  baseline: GroupRecord['baseline'],
): boolean =>
  scheduledActions === undefined &&
  baseline?.seenAt === since &&
  baseline.minSize === minSize &&
  baseline.maxSize === maxSize &&
  baseline.desiredCapacity === desiredCapacity;

/** The record as it is stored. */
export const toGroupItem = (record: GroupRecord): GroupItem => {
  const { autoScalingGroupName: name, autoScalingGroupArn: arn, arnSeenAt, kept, ...more } = record;
  const { imposed, holds, baseline, overridden, ...rest } = more;
  return {
    ...rest,
    autoScalingGroupName: name,
    holds: holds.map(packHold),
    ...(baseline === undefined ? {} : { baseline: packBaseline(baseline) }),
    ...(overridden.length === 0 ? {} : { overridden }),
    // The name of the group is there already.
    ...(arn === undefined
      ? {}
      : { autoScalingGroupArn: arn.endsWith(arnEnd(name)) ? arn.slice(0, -arnEnd(name).length) : arn }),
    ...(arnSeenAt === undefined || arnSeenAt === record.baseline?.seenAt ? {} : { arnSeenAt }),
    ...(kept === undefined
      ? {}
      : { kept: isOfBaseline(kept, record.baseline) ? { desiredHighest: kept.desiredHighest } : kept }),
    imposed: packImposed(imposed),
  };
};

const unpackKept = ({ kept, baseline }: GroupItem): KeptSizes | undefined => {
  if (kept === undefined || 'since' in kept) return kept;
  const { seenAt = '', minSize = 0, maxSize = 0, desiredCapacity = 0 } = baseline ?? {};
  return { since: seenAt, desiredHighest: kept.desiredHighest, minSize, maxSize, desiredCapacity };
};

/** A hold as a release before this one wrote it, with what the group's record has now. */
type OlderHold = PackedHold & { presentAtFirst?: string[]; launched?: LaunchedInstance[] };

/** What came into service, from where a release before this one wrote it. */
const launchedOf = (item: GroupItem): Pick<GroupRecord, 'presentAtFirst' | 'launched'> => {
  const older = (item.holds as OlderHold[]).filter(({ presentAtFirst }) => presentAtFirst !== undefined);
  const presentAtFirst = item.presentAtFirst ?? older[0]?.presentAtFirst;
  if (presentAtFirst === undefined) return {};
  return { presentAtFirst, launched: item.launched ?? older[0]?.launched ?? [] };
};

/** The stored record as the rules know it. The settings come by their times; their order says nothing. */
export const fromGroupItem = (item: GroupItem): GroupRecord => {
  const { autoScalingGroupName: name, autoScalingGroupArn: arn, kept: _kept, baseline, ...rest } = item;
  const kept = unpackKept(item);
  const arnSeenAt = item.arnSeenAt ?? item.baseline?.seenAt;
  return {
    ...rest,
    autoScalingGroupName: name,
    ...(arn === undefined
      ? {}
      : { autoScalingGroupArn: arn.includes(':autoScalingGroupName/') ? arn : `${arn}${arnEnd(name)}` }),
    ...(arn === undefined || arnSeenAt === undefined ? {} : { arnSeenAt }),
    ...(kept === undefined ? {} : { kept }),
    ...launchedOf(item),
    ...(baseline === undefined
      ? {}
      : { baseline: { suspendedProcesses: [], protectedInstances: [], ...baseline } }),
    overridden: item.overridden ?? [],
    holds: (item.holds as OlderHold[]).map(
      ({ presentAtFirst: _present, launched: _launched, ...hold }): Hold => ({
        protectsInstances: false,
        ...hold,
      }),
    ),
    imposed: item.imposed.flatMap((together) => {
      // Written by a release before this one, one by one.
      if ('setting' in together) return [together as unknown as Imposed];
      const { settings, times } = together;
      const [recordedAt, appliedAt, givingBackAt, givenBackAt, refusedAt] = times.map(unpackTime);
      return settings.map((setting) => ({
        setting,
        recordedAt: recordedAt ?? '',
        ...(appliedAt ? { appliedAt } : {}),
        ...(givingBackAt ? { givingBackAt } : {}),
        ...(givenBackAt ? { givenBackAt } : {}),
        ...(refusedAt ? { refusedAt } : {}),
      }));
    }),
  };
};
