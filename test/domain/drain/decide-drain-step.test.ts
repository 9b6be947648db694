import { describe, expect, it } from 'vitest';
import { decideDrainStep } from '../../../functions/domain/drain/decide-drain-step.ts';
import type { Drain } from '../../../functions/domain/launches/launch-record.ts';
import { later, now } from '../holds/group-fixtures.ts';
import { aDrain } from '../launches/launch-fixtures.ts';

const step = (over: Partial<Drain>, state: string | undefined, hooks = ['hook'], at = now) =>
  decideDrainStep(aDrain('i-9', later(-60), { stageAt: now, ...over }), 'web', state, hooks, at);
const operations = (decision: ReturnType<typeof step>) =>
  decision.action === 'CALL' ? decision.calls.map(({ operation, input }) => [operation, input]) : [];

describe('decideDrainStep', () => {
  it('abandons every launch hook, and nothing else', () => {
    const decision = step({ stage: 'CHOSEN' }, 'Pending:Wait', ['a', 'b']);
    expect(decision).toMatchObject({ action: 'CALL', stage: 'ABANDONED' });
    expect(operations(decision)).toEqual(
      ['a', 'b'].map((LifecycleHookName) => [
        'CompleteLifecycleAction',
        {
          AutoScalingGroupName: 'web',
          LifecycleHookName,
          InstanceId: 'i-9',
          LifecycleActionResult: 'ABANDON',
        },
      ]),
    );
  });

  it.each([
    [undefined, 'END', 'GONE'],
    ['Terminating', 'END', 'GONE'],
    ['Terminating:Wait', 'END', 'GONE'],
    ['Terminated', 'END', 'GONE'],
    ['InService', 'END', 'ESCAPED'],
    ['Standby', 'END', 'ESCAPED'],
    ['Warmed:Pending:Wait', 'END', 'ESCAPED'],
    ['a state of next year', 'END', 'ESCAPED'],
    ['Pending:Proceed', 'WAIT', undefined],
  ])('makes no call for an instance that is %s', (state, action, stage) => {
    for (const at of ['CHOSEN', 'ABANDONED', 'TERMINATED'] as const) {
      const decision = step({ stage: at }, state, ['hook'], later(599));
      expect(decision.action).toBe(action);
      if (stage !== undefined) expect(decision).toMatchObject({ stage });
    }
  });

  it.each([
    [119, 'WAIT'],
    [120, 'CALL'],
  ])('%i seconds after it was abandoned: %s', (seconds, action) => {
    const decision = step({ stage: 'ABANDONED' }, 'Pending:Wait', ['hook'], later(seconds));
    expect(decision.action).toBe(action);
    if (decision.action === 'CALL') {
      expect(operations(decision)).toEqual([
        ['TerminateInstanceInAutoScalingGroup', { InstanceId: 'i-9', ShouldDecrementDesiredCapacity: false }],
      ]);
    }
  });

  it('terminates what waits though the group has no launch hook any more', () => {
    expect(operations(step({ stage: 'CHOSEN' }, 'Pending:Wait', []))[0]?.[0]).toBe(
      'TerminateInstanceInAutoScalingGroup',
    );
  });

  it.each([
    [599, 'WAIT'],
    [600, 'END'],
  ])('%i seconds after its termination was accepted: %s', (seconds, action) => {
    const decision = step({ stage: 'TERMINATED' }, 'Pending:Wait', ['hook'], later(seconds));
    expect(decision.action).toBe(action);
    if (decision.action === 'END') expect(decision.stage).toBe('LEFT');
  });

  it.each([
    [2, 'CALL'],
    [3, 'END'],
  ])('after %i refusals: %s', (attempts, action) => {
    expect(step({ stage: 'CHOSEN', attempts }, 'Pending:Wait').action).toBe(action);
  });

  it.each(['GONE', 'ESCAPED', 'LEFT'] as const)('leaves a drain that ended as %s as it ended', (stage) => {
    expect(step({ stage }, 'Pending:Wait')).toEqual({ action: 'END', stage, because: 'ENDED_BEFORE' });
  });

  it('says why it terminates', () => {
    expect(step({ stage: 'CHOSEN' }, 'Pending:Wait', [])).toMatchObject({ because: 'NO_LAUNCH_HOOK' });
    expect(step({ stage: 'ABANDONED' }, 'Pending:Wait', ['hook'], later(120))).toMatchObject({
      because: 'STAYED',
    });
  });

  it('tells a person of one whose hooks were completed and that does not come into service', () => {
    expect(step({ stage: 'ABANDONED' }, 'Pending:Proceed', ['hook'], later(600))).toMatchObject({
      action: 'END',
      stage: 'LEFT',
    });
  });
});
