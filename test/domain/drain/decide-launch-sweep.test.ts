import { describe, expect, it } from 'vitest';
import { decideLaunchSweep } from '../../../functions/domain/drain/decide-launch-sweep.ts';
import type { LaunchRecord } from '../../../functions/domain/launches/launch-record.ts';
import { loadPolicy } from '../../../functions/policy.ts';
import { later, now } from '../holds/group-fixtures.ts';
import {
  aBreaker,
  aDrain,
  aLaunchRecord,
  aWaitingGroup,
  drainSettings,
  waitingSince,
} from '../launches/launch-fixtures.ts';

const shipped = loadPolicy().rules.find(({ drain }) => drain !== undefined);
if (shipped === undefined) throw new Error('the policy drains nothing');
const rule = { ...shipped, drain: drainSettings };
const breaker = aBreaker({
  openedAt: later(-600),
  stateAt: later(-600),
  probeAt: now,
  reason: 'three came back',
});
const seen = (
  name: string,
  over: Partial<LaunchRecord> = {},
  waiting: string[] = [],
  desiredCapacity = 4,
) => ({
  group: aWaitingGroup(waiting, { autoScalingGroupName: name, desiredCapacity }),
  record: aLaunchRecord({ autoScalingGroupName: name, ...over }),
});
const stuck = (name: string, id: string, seconds: number, over: Partial<LaunchRecord> = {}) =>
  seen(name, { waits: waitingSince({ [id]: seconds }), ...over }, [id]);
const decide = (groups: ReturnType<typeof seen>[], over: object = {}, tended: string[] = [], at = now) =>
  decideLaunchSweep({ ...rule, ...over }, groups, new Set(tended), 'live', at);

describe('decideLaunchSweep', () => {
  it('starts the rule for the longest wait, which names it for half an hour', () => {
    const groups = [stuck('a', 'i-8', 1300), stuck('b', 'i-9', 1400)];
    const { start } = decide(groups);
    expect(start).toMatchObject({
      input: { stuckInstance: { autoScalingGroupName: 'b', instanceId: 'i-9' } },
    });
    expect(decide([groups[0] ?? seen('a')]).start?.executionName).not.toBe(start?.executionName);
    expect(decide(groups, {}, [], later(1799)).start?.executionName).toBe(start?.executionName);
    expect(decide(groups, {}, [], later(1800)).start?.executionName).not.toBe(start?.executionName);
  });

  it('starts nothing for one that was left for a person, and does not let it hide another', () => {
    const left = stuck('a', 'i-8', 9000, { drains: [aDrain('i-8', now, { stage: 'LEFT' })] });
    expect(decide([left]).start).toBeUndefined();
    expect(decide([left, stuck('b', 'i-9', 1300)]).start?.input).toMatchObject({
      stuckInstance: { instanceId: 'i-9' },
    });
  });

  it.each([
    ['too few are stuck', [stuck('a', 'i-8', 1300)], { when: { stuckInstances: 2, freshForSeconds: 1 } }, []],
    ['nobody waited long enough', [stuck('a', 'i-8', 1199)], {}, []],
    [
      'only an alarm starts the rule',
      [stuck('a', 'i-8', 1300)],
      { when: { alarm: ['a'], freshForSeconds: 1 } },
      [],
    ],
    ['an execution drains one of its groups', [stuck('a', 'i-8', 1300), seen('b')], {}, ['b']],
  ] as const)('starts nothing when %s', (_what, groups, over, tended) => {
    expect(decide([...groups], over, [...tended])).toEqual({ closeBreakers: [] });
  });

  it('starts the rule for a breaker that nobody has in hand, only where stage and rule are live', () => {
    const groups = [seen('a', { breaker })];
    expect(decide(groups).start?.input).toEqual({
      rule: rule.name,
      breaker: { autoScalingGroupName: 'a', openedAt: breaker.openedAt },
    });
    expect(decideLaunchSweep(rule, groups, new Set(), 'dry-run', now).start).toBeUndefined();
    expect(decide(groups, { dryRun: true }).start).toBeUndefined();
    expect(decide(groups, { when: { alarm: ['a'], freshForSeconds: 1 } }).start).toBeDefined();
  });

  it.each([
    ['a launch succeeded since', seen('a', { breaker, lastSuccessAt: later(-599) })],
    ['nothing is missing', seen('a', { breaker }, [], 2)],
  ])('closes a breaker that nobody has in hand when %s', (_what, group) => {
    expect(decide([group])).toEqual({ closeBreakers: ['a'] });
  });
});
