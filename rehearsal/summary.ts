import { isBrokenNewcomer, type SimulatedGroup } from './cloud/auto-scaling-group.ts';
import type { RecordedCall } from './cloud/wire.ts';
import { type Story, troublesOf } from './incident.ts';

/** One minute of one group. */
export interface Sample {
  seconds: number;
  inService: number;
  /** What those in service can do, in instances of the type the group began with; so is `needed`. */
  capacity: number;
  needed: number;
}

/** What became of one group. */
interface GroupSummary {
  autoScalingGroupName: string;
  fewestInService: number;
  /** Minutes with less in service than the users needed. */
  minutesBelowNeeded: number;
  /** Instances in service, and not ill of themselves, that ended during the trouble or in the quarter of an hour after. */
  goodInstancesLost: number;
  /** Running instances that EC2 ended by itself. */
  endedByEc2: number;
  launchesFailed: number;
  /** Instances that came into service and were never set up. */
  neverWorked: number;
  /** The least that those in service could do, in instances of the type the group began with. */
  leastCapacity: number;
  /** Instances that ended with data that were nowhere else, and of those the ones that a snapshot has. */
  onlyCopies?: { ended: number; inSnapshots: number };
  inServiceAtEnd: number;
  stateEqualsBaseline: boolean;
}

/** What became of everything. */
export interface Summary {
  groups: GroupSummary[];
  calls: number;
  mutatingCalls: number;
  throttledCalls: number;
  finalStateEqualsBaseline: boolean;
}

const afterTroubleSeconds = 900;

/** Whether a group's settings are as they were, save what people of the story changed for good. */
const equalsBaseline = (incident: Story, group: SimulatedGroup): boolean => {
  const spec = incident.groups.find(({ name }) => name === group.name);
  const expected = incident.suspendedAtEnd?.[group.name] ?? [];
  // What a scheduled action of the story itself set is as it should be.
  const minSize = spec?.scheduledActions?.at(-1)?.minSize ?? spec?.minSize;
  return (
    [...group.suspended.keys()].sort().join() === [...expected].sort().join() &&
    group.minSize === minSize &&
    group.maxSize === spec?.maxSize &&
    group.instances.every(({ protectedFromScaleIn }) => !protectedFromScaleIn)
  );
};

/** Whether a moment, in milliseconds, is in the trouble of a story, or in the quarter of an hour after. */
export const isDuringTrouble = (story: Story) => {
  const troubles = troublesOf(story);
  return (at: number): boolean => {
    const seconds = (at - Date.parse(story.startsAt)) / 1000;
    return troubles.some(
      ({ fromSeconds, untilSeconds }) =>
        seconds >= fromSeconds && seconds < untilSeconds + afterTroubleSeconds,
    );
  };
};

const onlyCopiesOf = ({ terminations }: SimulatedGroup, snapshots: { instanceId: string }[]) => {
  const ended = terminations.filter(({ hadOnlyCopy }) => hadOnlyCopy);
  const kept = ended.filter((each) => snapshots.some(({ instanceId }) => instanceId === each.instanceId));
  return { ended: ended.length, inSnapshots: kept.length };
};

/** Sums a finished run up. */
export const summarise = (
  incident: Story,
  groups: SimulatedGroup[],
  samples: Map<string, Sample[]>,
  calls: RecordedCall[],
  snapshots: { instanceId: string }[],
): Summary => {
  const isInTrouble = isDuringTrouble(incident);
  return {
    groups: groups.map((group) => {
      const points = samples.get(group.name) ?? [];
      return {
        autoScalingGroupName: group.name,
        fewestInService: Math.min(...points.map(({ inService }) => inService)),
        minutesBelowNeeded: points.filter(({ capacity, needed }) => capacity < needed).length,
        goodInstancesLost: group.terminations.filter(({ at, wasGood }) => wasGood && isInTrouble(at)).length,
        endedByEc2: group.endedByEc2At.length,
        leastCapacity: Math.floor(Math.min(...points.map(({ capacity }) => capacity))),
        launchesFailed: group.activities.filter(
          ({ description, statusCode }) =>
            description.startsWith('Launching') && (statusCode === 'Failed' || statusCode === 'Cancelled'),
        ).length,
        neverWorked:
          group.terminations.filter(({ cameIntoServiceBroken }) => cameIntoServiceBroken).length +
          group.instances.filter(isBrokenNewcomer).length,
        ...(group.hasOnlyCopies === true ? { onlyCopies: onlyCopiesOf(group, snapshots) } : {}),
        inServiceAtEnd: points.at(-1)?.inService ?? 0,
        stateEqualsBaseline: equalsBaseline(incident, group),
      };
    }),
    calls: calls.length,
    mutatingCalls: calls.filter(({ mutating }) => mutating).length,
    throttledCalls: calls.filter(({ outcome }) => outcome === 'Throttling').length,
    finalStateEqualsBaseline: groups.every((group) => equalsBaseline(incident, group)),
  };
};
