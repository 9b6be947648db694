import { decideBacktest, type PastHold } from '../../../functions/domain/backtest/decide-backtest.ts';
import type {
  AlarmChange,
  History,
  PastActivity,
  TakenBecause,
} from '../../../functions/domain/backtest/history.ts';
import { parsePolicy } from '../../../functions/events/policy.ts';
import { aGroup } from '../holds/group-fixtures.ts';

export const policy = parsePolicy(
  {
    rules: [
      {
        name: 'loss',
        when: { alarm: 'loss-*' },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
        with: { coolOff: '10m', expiresAfter: '2h', holdAtMost: '6h' },
      },
      {
        name: 'failing',
        when: { launchFailures: { count: 3, within: '60m' } },
        do: 'protect-instances',
        targets: { tags: { tier: 'api' } },
      },
      {
        name: 'stuck',
        when: { stuckInstances: 1 },
        do: 'drain-pending-wait',
        targets: { tags: { tier: 'api' } },
      },
    ],
  },
  'policy.yml',
);
export const group = (name: string, tier: string, over: object = {}) =>
  aGroup({ autoScalingGroupName: name, tags: { tier, holdfast: 'true' }, ...over });
export const groups = [
  group('web', 'web'),
  group('api', 'api'),
  group('legacy', 'web', { tags: { tier: 'web' } }),
];

/** A moment of the day that is told. */
export const at = (clock: string): string => `2026-03-02T${clock}:00.000Z`;
export const alarm = (
  value: AlarmChange['value'],
  clock: string,
  over: Partial<AlarmChange> = {},
): AlarmChange => ({
  alarmName: 'loss-a',
  at: at(clock),
  value,
  ...over,
});
let activities = 0;
export const taken = (because: TakenBecause, clock: string, name = 'web'): PastActivity => {
  activities += 1;
  return {
    autoScalingGroupName: name,
    activityId: `a-${activities}`,
    kind: 'termination',
    startedAt: at(clock),
    endedAt: at(clock),
    hasFailed: false,
    because,
  };
};
export const launch = (clock: string, hasFailed: boolean, name = 'api'): PastActivity => ({
  ...taken('scale-in', clock, name),
  kind: 'launch',
  hasFailed,
});
export const history = (over: Partial<History> = {}): History => ({
  from: at('00:00'),
  until: at('23:00'),
  alarms: [],
  activities: [],
  alarmNames: ['loss-a'],
  ...over,
});
export const played = (over: Partial<History> = {}) => decideBacktest(policy, history(over), groups);
export const holdsOf = (rule: string, over: Partial<History>): PastHold[] =>
  played(over).find((each) => each.rule === rule)?.holds ?? [];
export const minutesOf = ({ from, until }: PastHold): number =>
  (Date.parse(until) - Date.parse(from)) / 60_000;

/** A hold of an hour that kept nothing. */
export const aPastHold = (over: Partial<PastHold> = {}): PastHold => ({
  rule: 'loss',
  from: at('03:00'),
  until: at('04:00'),
  endedBecause: 'COOLED_OFF',
  startedBy: 'loss-a',
  groups: ['web'],
  taken: {},
  wouldHaveKept: 0,
  ...over,
});
