import { addSeconds, secondsBetween } from '../times.ts';
import { type GroupRecord, isInstance, type Overridden, type Setting } from './group-record.ts';

/** A change of a group that somebody made, as CloudTrail tells it. */
export interface TrailEvent {
  /** ISO 8601. */
  at: string;
  /** AWS's operation. */
  eventName: string;
  /** `the role deploy`. */
  who: string;
  /** `Terraform`. */
  tool?: string;
  /** Whether Holdfast made it. */
  isOurs?: true;
  autoScalingGroupName: string;
  /** Processes that were resumed; none named means all. */
  processes: string[];
  instanceIds: string[];
  protectedFromScaleIn?: boolean;
}

/** Who took settings of a group back, and how. */
export interface Explanation {
  settings: Setting[];
  event: TrailEvent;
}

/** CloudTrail tells a change minutes after it was made; what it has not told by then it is not asked for any more. */
const askedForSeconds = 2400;
/** A change is seen in the round after it was made, which may be so much later. */
const madeBeforeSeconds = 1800;

const isOpen = ({ seenAt, by, explainedAt }: Overridden, now: string): boolean =>
  by === undefined && explainedAt === undefined && secondsBetween(seenAt, now) <= askedForSeconds;

/** What somebody took back of a group, and of which nobody knows yet who it was. */
export const unexplained = ({ overridden }: GroupRecord, now: string): Overridden[] =>
  overridden.filter((entry) => isOpen(entry, now));

/** The operations, each with the span of time, in which CloudTrail has to be asked who took these back. */
export const questionsOf = (
  overridden: Overridden[],
): { eventName: 'ResumeProcesses' | 'SetInstanceProtection'; from: string; until: string }[] => {
  const question = (eventName: 'ResumeProcesses' | 'SetInstanceProtection', entries: Overridden[]) => {
    const times = entries.map(({ seenAt }) => seenAt).sort();
    const [first, last] = [times[0], times.at(-1)];
    return first === undefined || last === undefined
      ? []
      : [{ eventName, from: addSeconds(first, -madeBeforeSeconds), until: last }];
  };
  return [
    ...question(
      'ResumeProcesses',
      overridden.filter(({ setting }) => !isInstance(setting)),
    ),
    ...question(
      'SetInstanceProtection',
      overridden.filter(({ setting }) => isInstance(setting)),
    ),
  ];
};

/** CloudTrail writes down whole seconds. */
const trailSeconds = 1;

const takesBack = (event: TrailEvent, { setting, seenAt, appliedAt }: Overridden): boolean => {
  const before = secondsBetween(event.at, seenAt);
  // What was changed before Holdfast changed it was no answer to the hold.
  const isAfterHold = appliedAt === undefined || secondsBetween(appliedAt, event.at) >= -trailSeconds;
  const isBefore = before >= 0 && before <= madeBeforeSeconds && isAfterHold;
  if (!isBefore || event.isOurs === true) return false;
  return isInstance(setting)
    ? event.eventName === 'SetInstanceProtection' &&
        event.protectedFromScaleIn === false &&
        event.instanceIds.includes(setting)
    : event.eventName === 'ResumeProcesses' &&
        (event.processes.length === 0 || event.processes.includes(setting));
};

/**
 * Who took back what of a group, as far as these events tell; the latest event before it was seen counts.
 *
 * @param record the group's
 * @param events of any group
 * @param now ISO 8601
 * @returns what is explained, and the record that remembers it
 */
export const explainOverrides = (
  record: GroupRecord,
  events: TrailEvent[],
  now: string,
): { explanations: Explanation[]; record: GroupRecord } => {
  const ofGroup = events
    .filter(({ autoScalingGroupName }) => autoScalingGroupName === record.autoScalingGroupName)
    .sort((a, b) => secondsBetween(a.at, b.at));
  const found = new Map<TrailEvent, Setting[]>();
  const overridden = record.overridden.map((entry) => {
    const event = isOpen(entry, now) ? ofGroup.find((each) => takesBack(each, entry)) : undefined;
    if (event === undefined) return entry;
    found.set(event, [...(found.get(event) ?? []), entry.setting]);
    return { ...entry, explainedAt: now };
  });
  return {
    explanations: [...found].map(([event, settings]) => ({ settings, event })),
    record: found.size === 0 ? record : { ...record, overridden },
  };
};
