import { describe, it } from 'vitest';
import type { ApplyDecision } from '../../../functions/domain/holds/decide-apply.ts';
import type { HoldFacts } from '../../../functions/domain/holds/decide-hold.ts';
import type { ReleaseFacts } from '../../../functions/domain/holds/decide-release.ts';
import type { HoldRefusal } from '../../../functions/domain/holds/plan-hold.ts';
import type { LeaveFacts, RaiseDecision } from '../../../functions/domain/holds/plan-raise.ts';
import type { SelectionRefusal } from '../../../functions/domain/holds/select-groups.ts';
import type { IgnoreFacts, StartFacts } from '../../../functions/domain/signals/decide-start.ts';
import {
  brokenNewcomersTodo,
  markedUnhealthyTodo,
  notGivenBackTodo,
  overriddenTodo,
  raiseTodo,
  releaseTodo,
  tellApplied,
  tellBrokenNewcomers,
  tellExplanation,
  tellHold,
  tellMarkedUnhealthy,
  tellNotGivenBack,
  tellOverridden,
  tellRaise,
  tellRelease,
  tellReplaced,
  tellTakenBackByUpdate,
  tellUpdateEnded,
} from '../../../functions/domain/telling/hold-sentences.ts';
import {
  tellGroupPlan,
  tellGroupRefusal,
  tellSelectionRefusal,
} from '../../../functions/domain/telling/plan-sentences.ts';
import { tellIgnored, tellReason, tellStart } from '../../../functions/domain/telling/start-sentences.ts';
import { anIncident, later, now } from '../holds/group-fixtures.ts';
import { type Each, expectPage, told } from './book.ts';

const region = 'eu-west-1';
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `i-${n + 1}`);

describe('what people are told of a hold', () => {
  it('of why it goes on or ends', async () => {
    const facts: Each<HoldFacts> = {
      IN_ALARM: [{ because: 'IN_ALARM' }],
      COOLING_OFF: [{ because: 'COOLING_OFF', okSeconds: 90, coolOffSeconds: 300 }],
      COOLED_OFF: [{ because: 'COOLED_OFF', okSeconds: 300 }],
      INSUFFICIENT_DATA: [{ because: 'INSUFFICIENT_DATA' }],
      OK_WITHOUT_DATA: [{ because: 'OK_WITHOUT_DATA' }],
      ALARM_UNREADABLE: [{ because: 'ALARM_UNREADABLE', error: 'Throttling: Rate exceeded' }],
      ALARM_DELETED: [{ because: 'ALARM_DELETED' }],
      BY_HAND: [{ because: 'BY_HAND' }],
      LAUNCHES_UNREADABLE: [{ because: 'LAUNCHES_UNREADABLE' }],
      LAUNCHES_FAIL: [
        { because: 'LAUNCHES_FAIL', waitingGroups: 1 },
        { because: 'LAUNCHES_FAIL', waitingGroups: 2 },
      ],
      LAUNCHES_UNPROVEN: [{ because: 'LAUNCHES_UNPROVEN', groups: 2 }],
      LAUNCHES_QUIET: [{ because: 'LAUNCHES_QUIET' }],
      LAUNCHES_SUCCEED: [{ because: 'LAUNCHES_SUCCEED' }],
      LAUNCHES_SUCCEED_IN_MOST_GROUPS: [
        { because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS', stillFailing: ['api', 'web'] },
      ],
      KILL_SWITCH_UNREADABLE: [{ because: 'KILL_SWITCH_UNREADABLE' }],
      KILL_SWITCH: [{ because: 'KILL_SWITCH', mode: 'off' }],
      EXPIRED: [{ because: 'EXPIRED', expiresAt: now, otherwise: { because: 'INSUFFICIENT_DATA' } }],
      HELD_AT_MOST: [{ because: 'HELD_AT_MOST', heldSeconds: 43_200 }],
      ROUNDS_MAX: [{ because: 'ROUNDS_MAX', rounds: 720 }],
      RELEASING: [{ because: 'RELEASING' }, { because: 'RELEASING', reason: 'somebody stopped it' }],
    };
    await expectPage('hold', {
      'Why a hold ends': told(facts, (fact) => tellHold({ action: 'RELEASE', ...fact })),
      'Why a hold goes on': [
        tellHold({ action: 'KEEP', because: 'IN_ALARM', renewUntil: later(60) }),
        tellHold({ action: 'KEEP', because: 'INSUFFICIENT_DATA', lastsUntil: later(3600) }),
      ],
    });
  });

  it('of what is put in force, and taken back', async () => {
    const write = (
      because: (ApplyDecision & { action: 'WRITE' })['because'],
      newlyOverridden: string[] = [],
    ) => ({ because, newlyOverridden }) as unknown as ApplyDecision & { action: 'WRITE' };
    const applied = (
      because: Parameters<typeof write>[0],
      over: Parameters<typeof anIncident>[0] = {},
    ): string => `${because}: ${tellApplied(write(because, ['Launch', 'i-1']), anIncident(over))}`;
    const stack = { 'aws:cloudformation:stack-name': 'shop' };
    const settings = [['Terminate'], ['HealthCheck', 'Launch'], ['i-1'], ids(12), ['Launch', 'i-1']];
    const event = {
      at: now,
      eventName: 'ResumeProcesses',
      who: 'the role deploy',
      autoScalingGroupName: 'web',
      processes: ['Launch'],
      instanceIds: [],
    };
    await expectPage('apply', {
      'Put in force': [
        applied('ASKED_FOR'),
        applied('ASKED_FOR', { remediation: 'drain-pending-wait' }),
        applied('NEW_INSTANCES'),
        applied('TAKEN_BACK'),
        applied('IN_FORCE_ALREADY'),
      ],
      'Taken back': [
        ...settings.map((some) => tellOverridden(some, {})),
        tellOverridden(['i-1'], { AmazonECSManaged: '' }),
        tellOverridden(['Launch'], { AmazonECSManaged: '' }),
        tellOverridden(['i-1'], { AmazonECSManaged: '', ...stack }),
        tellOverridden(['Launch'], { 'aws:cloudformation:stack-name': 's'.repeat(140) }),
      ],
      'Who it was': [
        tellExplanation({ settings: ['Launch'], event }),
        tellExplanation({ settings: ['Launch'], event: { ...event, tool: 'Terraform' } }),
      ],
      'What a person can do about it': [...settings, ids(21)].flatMap((some) =>
        overriddenTodo(region, 'web & api', some),
      ),
      'By an update of the stack': [
        tellTakenBackByUpdate(['Launch']),
        tellTakenBackByUpdate(['Launch', 'i-1']),
        tellUpdateEnded,
        tellReplaced,
      ],
    });
  });

  it('of instances that do not work', async () => {
    const broken = (instanceId: string, because: 'TARGET_UNHEALTHY' | 'STATUS_IMPAIRED') => ({
      instanceId,
      because,
      seenAt: now,
    });
    const one = [broken('i-1', 'TARGET_UNHEALTHY')];
    const two = [broken('i-1', 'STATUS_IMPAIRED'), broken('i-2', 'TARGET_UNHEALTHY')];
    await expectPage('broken-instances', {
      'Came lately and do not work': [
        tellBrokenNewcomers({}, one),
        tellBrokenNewcomers({}, two),
        tellBrokenNewcomers({ checksEc2Only: true }, one),
        tellBrokenNewcomers({ checksEc2Only: true }, two),
        tellBrokenNewcomers({ checksEc2Only: true }, [broken('i-1', 'STATUS_IMPAIRED')]),
      ],
      'What a person can do about them': [[], ['i-1'], ['i-1', 'i-2'], ids(3)].flatMap((some) =>
        brokenNewcomersTodo(region, some),
      ),
      'Marked unhealthy': [tellMarkedUnhealthy(['i-1'], 4), tellMarkedUnhealthy(ids(3), 4)],
      'What a person can do about those': [[], ['i-1'], ids(3)].flatMap((some) =>
        markedUnhealthyTodo(region, some),
      ),
    });
  });

  it('of giving back', async () => {
    const facts: Each<ReleaseFacts> = {
      NO_DESCRIPTION: [{ because: 'NO_DESCRIPTION' }],
      NO_SUCH_GROUP: [{ because: 'NO_SUCH_GROUP' }],
      GROUP_IS_THERE_AGAIN: [{ because: 'GROUP_IS_THERE_AGAIN' }],
      REPLACED_BY_ANOTHER: [{ because: 'REPLACED_BY_ANOTHER' }],
      BEING_DELETED: [{ because: 'BEING_DELETED', status: 'Delete in progress' }],
      HEALTH_SETTLES: [{ because: 'HEALTH_SETTLES', settleSeconds: 90 }],
      BROKEN_NEWCOMERS: [
        { because: 'BROKEN_NEWCOMERS', instanceIds: ['i-1'] },
        { because: 'BROKEN_NEWCOMERS', instanceIds: ids(12) },
      ],
      BROKEN_NEWCOMERS_GONE: [{ because: 'BROKEN_NEWCOMERS_GONE' }],
      BROKEN_NEWCOMERS_ELSEWHERE: [{ because: 'BROKEN_NEWCOMERS_ELSEWHERE' }],
      BROKEN_NEWCOMERS_STAY: [{ because: 'BROKEN_NEWCOMERS_STAY', instanceIds: ids(2), seconds: 1800 }],
      NO_HOLD_WANTS_IT: [{ because: 'NO_HOLD_WANTS_IT' }],
      GIVEN_BACK_UNSEEN: [{ because: 'GIVEN_BACK_UNSEEN' }],
      GIVEN_BACK: [{ because: 'GIVEN_BACK' }],
      NOTHING_LEFT: [{ because: 'NOTHING_LEFT' }],
      NEVER_HELD: [{ because: 'NEVER_HELD' }],
      PASSES_THROUGH: [{ because: 'PASSES_THROUGH', instanceId: 'i-1' }],
      STAYED_PROTECTED: [{ because: 'STAYED_PROTECTED', settings: ids(21) }],
      IN_FORCE_AGAIN: [
        { because: 'IN_FORCE_AGAIN', settings: ['Launch'] },
        { because: 'IN_FORCE_AGAIN', settings: ['Launch', 'Terminate', 'i-1'] },
        { because: 'IN_FORCE_AGAIN', settings: ids(21) },
      ],
    };
    await expectPage('release', {
      'What a step back rests on': told(facts, tellRelease),
      'What a person can do about it': told(facts, (fact) => releaseTodo(region, 'web', fact)),
      'May not be given back': [
        tellNotGivenBack(['Launch', 'i-1']),
        ...notGivenBackTodo(region, 'web', ['Launch', 'i-1']),
      ],
    });
  });

  it('of desired capacity', async () => {
    const fell = { autoScalingGroupName: 'web', highest: 8, from: 4, since: now };
    const facts: Each<LeaveFacts> = {
      UNITS_UNKNOWN: [{ because: 'UNITS_UNKNOWN', countsUnits: 'weights of a mixed instances policy' }],
      MINIMUM_LOWERED: [{ because: 'MINIMUM_LOWERED', before: 3, now: 1 }],
      MAXIMUM_LOWERED: [{ because: 'MAXIMUM_LOWERED', before: 12, now: 6 }],
      SCHEDULED: [
        { because: 'SCHEDULED', actions: ['night'] },
        { because: 'SCHEDULED', actions: ['night', 'weekend', 'n'.repeat(80), 'fourth'] },
      ],
      NO_POLICY_LOWERS_IT: [{ because: 'NO_POLICY_LOWERS_IT' }],
      POLICIES_SUSPENDED: [{ because: 'POLICIES_SUSPENDED' }],
    };
    type Told = RaiseDecision & { action: 'RAISE' | 'LEAVE' };
    const raise: Told = { action: 'RAISE', ...fell, to: 7, calls: [] };
    const unknown: Told = { action: 'LEAVE', ...fell, because: 'UNITS_UNKNOWN', countsUnits: 'vcpu' };
    await expectPage('desired-capacity', {
      Raised: [tellRaise(raise), ...raiseTodo(region, raise)],
      'Left as it is': told(facts, (fact) => tellRaise({ action: 'LEAVE', ...fell, to: 7, ...fact })),
      'What a person can do about it': raiseTodo(region, {
        action: 'LEAVE',
        ...fell,
        to: 7,
        because: 'POLICIES_SUSPENDED',
      }),
      'Where nobody knows what is above it': [tellRaise(unknown), ...raiseTodo(region, unknown)],
    });
  });

  it('of a plan', async () => {
    const refusals: Each<HoldRefusal> = {
      NOT_OPTED_IN: [{ because: 'NOT_OPTED_IN' }],
      BEING_DELETED: [{ because: 'BEING_DELETED', status: 'Delete in progress' }],
      UNITS_UNKNOWN: [
        { because: 'UNITS_UNKNOWN', countsUnits: 'vcpu' },
        { because: 'UNITS_UNKNOWN', countsUnits: 'weights', silentInstanceId: 'i-1' },
      ],
      NO_SUCH_GROUP: [{ because: 'NO_SUCH_GROUP' }],
      OVER_GROUPS_MAX: [
        { because: 'OVER_GROUPS_MAX', groupsMax: 1 },
        { because: 'OVER_GROUPS_MAX', groupsMax: 25 },
      ],
      TRAIT: [{ because: 'TRAIT', trait: 'SPOT', why: 'it launches Spot Instances' }],
      TOO_MANY_INSTANCES: [{ because: 'TOO_MANY_INSTANCES', instancesInService: 600, instancesMax: 500 }],
    };
    const ofAll: Each<SelectionRefusal> = {
      TOO_MANY_GROUPS: [{ because: 'TOO_MANY_GROUPS', groupsFound: 30, groupsMax: 25 }],
      NO_GROUP_MATCHES: [{ because: 'NO_GROUP_MATCHES' }],
      EVERY_GROUP_REFUSED: [{ because: 'EVERY_GROUP_REFUSED' }],
    };
    const hold = { action: 'HOLD' as const, autoScalingGroupName: 'web', calls: [] };
    await expectPage('plan', {
      'Left alone': told(refusals, tellGroupRefusal),
      'Nothing at all': (['held', 'drained', 'resized'] as const).flatMap((deed) =>
        told(ofAll, (refusal) => tellSelectionRefusal(refusal, deed)),
      ),
      'One group': [
        tellGroupPlan({ ...hold, because: 'ASKED_FOR' }, 'live'),
        tellGroupPlan({ ...hold, because: 'ASKED_FOR' }, 'dry-run'),
        tellGroupPlan({ ...hold, because: 'IN_FORCE_ALREADY' }, 'live'),
        tellGroupPlan({ action: 'REFUSE', autoScalingGroupName: 'web', because: 'NOT_OPTED_IN' }, 'live'),
      ],
    });
  });

  it('of a start', async () => {
    const starts: Each<StartFacts> = {
      IN_ALARM: [{ because: 'IN_ALARM', alarmName: 'loss', since: now }],
      LAUNCHES_FAIL: [{ because: 'LAUNCHES_FAIL', autoScalingGroupName: 'web', failures: 3, latestAt: now }],
      LAUNCHES_FAIL_IN_MANY_GROUPS: [
        { because: 'LAUNCHES_FAIL_IN_MANY_GROUPS', autoScalingGroupName: 'web', beginAt: later(30) },
      ],
      STUCK: [{ because: 'STUCK', autoScalingGroupName: 'web', instanceId: 'i-1', waitedSeconds: 1800 }],
      BREAKER_OPEN: [{ because: 'BREAKER_OPEN', autoScalingGroupName: 'web', since: now }],
    };
    const ignored: Each<IgnoreFacts> = {
      NO_RULE: [{ because: 'NO_RULE', alarmName: 'cpu' }],
      NOT_IN_ALARM: [{ because: 'NOT_IN_ALARM', value: 'OK' }],
      MODE_OFF: [{ because: 'MODE_OFF' }],
      STALE: [{ because: 'STALE', ageSeconds: 1200, freshForSeconds: 900 }],
      BEFORE_THE_STAGE: [{ because: 'BEFORE_THE_STAGE', changedAt: now, since: later(600) }],
      TOO_LONG_AGO: [{ because: 'TOO_LONG_AGO', ageSeconds: 50_000, holdAtMostSeconds: 43_200 }],
      ALARM_DELETED: [{ because: 'ALARM_DELETED' }],
      NOT_IN_ALARM_ANY_MORE: [{ because: 'NOT_IN_ALARM_ANY_MORE', value: 'OK' }],
      SUPPRESSED: [
        { because: 'SUPPRESSED', suppressedBecause: 'its actions are disabled', isReadAgain: false },
        { because: 'SUPPRESSED', suppressedBecause: 'its actions are disabled', isReadAgain: true },
      ],
    };
    await expectPage('start', {
      'Why something is started': told(starts, tellStart),
      'Why nothing is': told(ignored, tellIgnored),
      Reasons: [
        tellReason({ reason: 'switch upgrade' }),
        tellReason({ rule: 'loss', reason: 'packets are lost' }),
      ],
    });
  });
});
