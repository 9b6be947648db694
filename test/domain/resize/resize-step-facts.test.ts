import { describe, expect, it } from 'vitest';
import {
  bootSecondsMax,
  canaryWatchSeconds,
  changeRefusedSecondsMax,
  forcedStopSecondsMax,
  homeSecondsMax,
  homeTotalSecondsMax,
  inForceWithinSeconds,
  leaseSeconds,
  refusedPauseSecondsMin,
  resizeWaitSecondsMax,
  serviceSecondsMax,
  startSecondsMax,
  stopSecondsMax,
} from '../../../functions/domain/limits.ts';
import {
  afterRefusal,
  believeStep,
  decideResizeStep,
  type ResizeStep,
  type SeenResize,
} from '../../../functions/domain/resize/decide-resize-step.ts';
import type { InstanceFailure } from '../../../functions/domain/resize/resize-facts.ts';
import type { Resize } from '../../../functions/domain/resize/resize-record.ts';
import { later, now } from '../holds/group-fixtures.ts';
import { aResize, seen } from './resize-fixtures.ts';

const inStandby = (over: Partial<Resize> = {}) => aResize({ hasEntered: true, stage: 'ENTERING', ...over });
const ec2In = (state: string, instanceType = 'm7i.xlarge', stateReason?: string) => ({
  ec2: { state, instanceType, ...(stateReason === undefined ? {} : { stateReason }) },
});
const failure: InstanceFailure = { because: 'CHECKS_FAILED', instanceType: 'm7i.xlarge', seconds: 900 };
const home = (over: Partial<Resize> = {}) =>
  inStandby({ direction: 'HOME', homeSince: now, wantedType: 'm7i.large', failure, ...over });
const facts = (step: ResizeStep): unknown => {
  if (step.action === 'CALL') return [step.operation, step.stage, step.isForced, step.cause];
  if (step.action === 'TURN') return step.turn;
  return step.action === 'END' ? [step.outcome, step.end] : step;
};
const stepAt = (seconds: number, resize: Resize, sight: SeenResize) =>
  decideResizeStep(resize, sight, later(seconds));
const settled = inForceWithinSeconds;

describe('what a step rests on', () => {
  it.each<[what: string, seconds: number, resize: Resize, sight: SeenResize, expected: unknown]>([
    [
      'that one is in service with its old type',
      0,
      aResize(),
      seen('InService'),
      [
        'EnterStandby',
        'ENTERING',
        false,
        { because: 'IN_SERVICE', instanceType: 'm7i.large', wantedType: 'm7i.xlarge' },
      ],
    ],
    [
      'that nothing was done to one that turned home',
      0,
      aResize({ direction: 'HOME', failure }),
      seen('InService'),
      ['UNTOUCHED', { because: 'NOTHING_DONE', failure }],
    ],
    [
      'that Standby asked for just before may not show',
      leaseSeconds - 1,
      aResize({ direction: 'HOME', stage: 'ENTERING' }),
      seen('InService'),
      { action: 'WAIT', waitsFor: 'Standby' },
    ],
    [
      'that it could not be taken out of service for long',
      resizeWaitSecondsMax + 1,
      aResize(),
      seen('InService'),
      ['UNTOUCHED', { because: 'NOT_TAKEN_OUT_OF_SERVICE', seconds: resizeWaitSecondsMax }],
    ],
    ...['stopping', 'stopped', 'pending'].map((state): [string, number, Resize, SeenResize, unknown] => [
      `that one in service is ${state}`,
      settled,
      inStandby({ stage: 'STOPPING' }),
      seen('InService', ec2In(state)),
      ['EnterStandby', 'ENTERING', false, { because: 'NOT_RUNNING', state }],
    ]),
    [
      'that one in service runs no more',
      settled,
      inStandby(),
      seen('InService', ec2In('shutting-down')),
      ['LEFT', { because: 'IN_SERVICE_AND_NOT_RUNNING', state: 'shutting-down' }],
    ],
    [
      'that EC2 does not tell of one in service',
      settled,
      inStandby(),
      seen('InService', { ec2: undefined }),
      ['LEFT', { because: 'IN_SERVICE_AND_NOT_RUNNING', state: undefined }],
    ],
    [
      'that one stopped that was not touched yet',
      0,
      aResize(),
      seen('InService', ec2In('stopped', 'm7i.large')),
      ['UNTOUCHED', { because: 'IN_SERVICE_AND_NOT_RUNNING', state: 'stopped' }],
    ],
    [
      'that one is in service and healthy',
      settled,
      inStandby({ stage: 'EXITING' }),
      seen('InService', ec2In('running')),
      ['RESIZED', { because: 'IN_SERVICE_AND_HEALTHY', instanceType: 'm7i.xlarge' }],
    ],
    [
      'that one is home',
      settled,
      home({ stage: 'EXITING' }),
      seen('InService'),
      ['BROUGHT_HOME', { because: 'IN_SERVICE_AND_HEALTHY', instanceType: 'm7i.large', failure }],
    ],
    [
      'that one came home although nobody knows why',
      settled,
      inStandby({ stage: 'EXITING', wantedType: 'm7i.large' }),
      seen('InService'),
      ['BROUGHT_HOME', { because: 'IN_SERVICE_AND_HEALTHY', instanceType: 'm7i.large' }],
    ],
    [
      'that its type has to be changed',
      settled,
      inStandby(),
      seen('Standby'),
      [
        'StopInstance',
        'STOPPING',
        false,
        { because: 'IN_STANDBY', instanceType: 'm7i.large', wantedType: 'm7i.xlarge' },
      ],
    ],
    [
      'that one on its way home needs no reservation',
      settled,
      home({ isReserved: false }),
      seen('Standby', ec2In('running')),
      [
        'StopInstance',
        'STOPPING',
        false,
        { because: 'IN_STANDBY', instanceType: 'm7i.xlarge', wantedType: 'm7i.large' },
      ],
    ],
    [
      'that its checks have passed',
      settled,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', ec2In('running')),
      ['ExitStandby', 'EXITING', false, { because: 'CHECKS_PASSED', instanceType: 'm7i.xlarge' }],
    ],
    [
      'that its checks have passed, where it never had to start',
      0,
      inStandby({ wantedType: 'm7i.large' }),
      seen('Standby'),
      ['ExitStandby', 'EXITING', false, { because: 'CHECKS_PASSED', instanceType: 'm7i.large' }],
    ],
    [
      'that checks which passed may be from before the start',
      settled - 1,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', ec2In('running')),
      { action: 'WAIT', waitsFor: 'StatusChecks' },
    ],
    [
      'that a refused step is known to have come to nothing',
      1,
      inStandby({ stage: 'STARTING', refusedSince: now }),
      seen('Standby', ec2In('running')),
      ['ExitStandby', 'EXITING', false, { because: 'CHECKS_PASSED', instanceType: 'm7i.xlarge' }],
    ],
    ...(['STOPPING', 'CHANGING'] as const).map((stage): [string, number, Resize, SeenResize, unknown] => [
      `that ${stage} may not show yet`,
      settled - 1,
      inStandby({ stage }),
      seen('Standby', ec2In('running')),
      { action: 'WAIT', waitsFor: 'Stop' },
    ]),
    [
      'that its checks fail',
      bootSecondsMax,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', { ...ec2In('running'), hasPassedChecks: false }),
      {
        because: 'BROUGHT_HOME_AS',
        failure: { because: 'CHECKS_FAILED', instanceType: 'm7i.xlarge', seconds: bootSecondsMax },
        instanceType: 'm7i.large',
      },
    ],
    [
      'that checks of one that turned home are looked at afresh',
      bootSecondsMax + 10,
      home({ homeSince: later(20), wantedType: 'm7i.xlarge' }),
      seen('Standby', { ...ec2In('running'), hasPassedChecks: false }),
      { action: 'WAIT', waitsFor: 'StatusChecks' },
    ],
    [
      'that a stop hangs',
      stopSecondsMax,
      inStandby({ stage: 'STOPPING' }),
      seen('Standby', ec2In('stopping')),
      ['StopInstance', 'STOPPING', true, { because: 'STOP_HANGS', seconds: stopSecondsMax }],
    ],
    [
      'that a forced stop takes its time',
      forcedStopSecondsMax - 1,
      inStandby({ stage: 'STOPPING', isForced: true }),
      seen('Standby', ec2In('stopping')),
      { action: 'WAIT', waitsFor: 'Stop' },
    ],
    [
      'that a forced stop hangs',
      forcedStopSecondsMax,
      inStandby({ stage: 'STOPPING', isForced: true }),
      seen('Standby', ec2In('stopping')),
      ['LEFT', { because: 'FORCED_STOP_HANGS', seconds: forcedStopSecondsMax }],
    ],
    [
      'that it stopped by itself',
      settled,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', ec2In('stopped', 'm7i.xlarge', 'Server.InternalError')),
      {
        because: 'BROUGHT_HOME_AS',
        failure: {
          because: 'STOPPED_AGAIN',
          instanceType: 'm7i.xlarge',
          stateReason: 'Server.InternalError',
        },
        instanceType: 'm7i.large',
      },
    ],
    [
      'that it is stopped for a reason that nobody knows',
      settled,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', ec2In('stopped', 'm7i.xlarge')),
      ['StartInstance', 'STARTING', false, { because: 'STOPPED_WITH_ITS_TYPE', instanceType: 'm7i.xlarge' }],
    ],
    [
      'that it is stopped with another type, although it ran before',
      settled,
      inStandby({ stage: 'STOPPING', hasStarted: true }),
      seen('Standby', ec2In('stopped', 'm7i.large')),
      [
        'ChangeInstanceType',
        'CHANGING',
        false,
        { because: 'STOPPED_WITH_ANOTHER_TYPE', instanceType: 'm7i.large', wantedType: 'm7i.xlarge' },
      ],
    ],
    [
      'that it has its type, and its stop was asked for earlier',
      settled,
      inStandby({ stage: 'CHANGING', hasStarted: true }),
      seen('Standby', ec2In('stopped')),
      ['StartInstance', 'STARTING', false, { because: 'STOPPED_WITH_ITS_TYPE', instanceType: 'm7i.xlarge' }],
    ],
    [
      'that it is given up',
      settled,
      inStandby({ isGivenUp: true, failureAtHome: failure }),
      seen('Standby'),
      ['LEFT', { because: 'UNHEALTHY_AT_HOME', failure }],
    ],
    [
      'that what left Standby may not show yet',
      settled - 1,
      inStandby({ stage: 'EXITING' }),
      seen('Standby', ec2In('running')),
      { action: 'WAIT', waitsFor: 'Service' },
    ],
    [
      'that leaving Standby was refused',
      1,
      inStandby({ stage: 'EXITING', refusedSince: now }),
      seen('Standby', ec2In('running')),
      ['ExitStandby', 'EXITING', false, { because: 'CHECKS_PASSED', instanceType: 'm7i.xlarge' }],
    ],
    [
      'that EC2 does not tell of one for a while',
      startSecondsMax - 1,
      inStandby({ missingSince: now }),
      seen('Standby', { ec2: undefined }),
      { action: 'WAIT', waitsFor: 'Start' },
    ],
    [
      'that EC2 does not tell of one for long',
      startSecondsMax,
      inStandby({ missingSince: now }),
      seen('Standby', { ec2: undefined }),
      ['LEFT', { because: 'UNKNOWN_TO_EC2', seconds: startSecondsMax }],
    ],
    ...['terminated', 'shutting-down'].map((state): [string, number, Resize, SeenResize, unknown] => [
      `that it is ${state}`,
      settled,
      inStandby(),
      seen('Standby', ec2In(state)),
      ['GONE', { because: 'TERMINATED_IN_STANDBY' }],
    ]),
    [
      'that it is on its way home for hours',
      homeTotalSecondsMax + 1,
      home(),
      seen('Standby', ec2In('stopping')),
      ['LEFT', { because: 'TOO_LONG_ON_ITS_WAY', state: 'stopping', seconds: homeTotalSecondsMax, failure }],
    ],
    [
      'that it is pending for long',
      startSecondsMax,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', ec2In('pending')),
      ['LEFT', { because: 'PENDING_TOO_LONG', seconds: startSecondsMax }],
    ],
    [
      'that its state is one that AWS added',
      settled,
      inStandby(),
      seen('Standby', ec2In('hibernated')),
      { action: 'WAIT', waitsFor: 'Start' },
    ],
    [
      'that it hangs on its way into service',
      serviceSecondsMax,
      inStandby({ stage: 'EXITING' }),
      seen('Pending:Wait', ec2In('running')),
      ['LEFT', { because: 'HANGS_IN_STATE', lifecycleState: 'Pending:Wait', seconds: serviceSecondsMax }],
    ],
    [
      'that it is leaving the group',
      settled,
      aResize(),
      seen('Terminating:Wait'),
      ['UNTOUCHED', { because: 'LEFT_THE_GROUP', lifecycleState: 'Terminating:Wait' }],
    ],
    [
      'that it waits in a warm pool for its end',
      1,
      inStandby(),
      seen('Warmed:Terminating'),
      { action: 'WAIT', waitsFor: 'Service' },
    ],
    [
      'that no type is left on its way home for long',
      homeSecondsMax,
      home({ stage: 'STARTING', hasStarted: true, tried: ['m7i.xlarge', 'm6i.xlarge'] }),
      seen('Standby', ec2In('stopped', 'm7i.large', 'Server.InternalError')),
      [
        'LEFT',
        {
          because: 'EVERY_TYPE_FAILED',
          failure: {
            because: 'STOPPED_AGAIN',
            instanceType: 'm7i.large',
            stateReason: 'Server.InternalError',
          },
          seconds: homeSecondsMax,
        },
      ],
    ],
    [
      'that all types failed, and may work after a while',
      homeSecondsMax - 1,
      home({ stage: 'STARTING', hasStarted: true, tried: ['m7i.xlarge', 'm6i.xlarge'] }),
      seen('Standby', ec2In('stopped', 'm7i.large', 'Server.InternalError')),
      {
        because: 'ALL_TYPES_AGAIN',
        failure: { because: 'STOPPED_AGAIN', instanceType: 'm7i.large', stateReason: 'Server.InternalError' },
      },
    ],
  ])('is %s', (_what, seconds, resize, sight, expected) => {
    expect(facts(stepAt(seconds, resize, sight))).toEqual(expected);
  });

  it('waits with a step that AWS refused, and with no other', () => {
    const refused = (over: Partial<Resize>) =>
      stepAt(
        refusedPauseSecondsMin - 1,
        inStandby({ stage: 'STOPPING', refusedSince: now, refusedAt: now, ...over }),
        seen('Standby'),
      ).action;
    expect(refused({})).toBe('WAIT');
    expect(refused({ stage: 'ENTERING' })).toBe('CALL');
    expect(refused({ refusedAt: undefined })).toBe('CALL');
    expect(stepAt(settled, inStandby({ stage: 'STOPPING', refusedAt: now }), seen('Standby')).action).toBe(
      'CALL',
    );
  });

  it('watches the canary for as long as it has been well', () => {
    const canary = inStandby({ stage: 'EXITING', isCanary: true });
    const sight = seen('InService', ec2In('running'));
    expect(stepAt(canaryWatchSeconds - 1, { ...canary, wellSince: now }, sight).action).toBe('WAIT');
    expect(stepAt(canaryWatchSeconds, { ...canary, wellSince: now }, sight).action).toBe('END');
    expect(stepAt(canaryWatchSeconds, canary, sight).action).toBe('WAIT');
  });
});

describe('what is doubted', () => {
  const believed = (step: ResizeStep, lifecycleState = 'InService') =>
    believeStep(step, {}, { lifecycleState }, now);
  const ends = (end: Extract<ResizeStep, { action: 'END' }>['end']): ResizeStep => ({
    action: 'END',
    outcome: 'LEFT',
    end,
  });

  it.each<[what: string, step: ResizeStep, doubt: string | undefined]>([
    ['a turn', { action: 'TURN', change: {}, turn: failure }, 'CHECKS_FAILED'],
    [
      'an end that looks can be wrong about',
      ends({ because: 'PENDING_TOO_LONG', seconds: 1 }),
      'PENDING_TOO_LONG',
    ],
    [
      'that no description has it',
      ends({ because: 'LEFT_THE_GROUP', lifecycleState: undefined }),
      'LEFT_THE_GROUP',
    ],
    ['not that it is leaving', ends({ because: 'LEFT_THE_GROUP', lifecycleState: 'Terminating' }), undefined],
    ['not that it was terminated', ends({ because: 'TERMINATED_IN_STANDBY' }), undefined],
    ['not a wait', { action: 'WAIT', waitsFor: 'Stop' }, undefined],
    ['not that it has to be reserved', { action: 'RESERVE' }, undefined],
    [
      'that one in service does not run',
      {
        action: 'CALL',
        operation: 'EnterStandby',
        stage: 'ENTERING',
        isForced: false,
        cause: { because: 'NOT_RUNNING', state: 'stopped' },
      },
      'NOT_RUNNING',
    ],
    [
      'no other call',
      {
        action: 'CALL',
        operation: 'StopInstance',
        stage: 'STOPPING',
        isForced: true,
        cause: { because: 'STOP_HANGS', seconds: 1 },
      },
      undefined,
    ],
  ])('%s', (_what, step, doubt) => {
    const { step: next, doubt: remembered } = believed(step);
    expect(remembered?.because).toBe(doubt);
    expect(next).toEqual(doubt === undefined ? step : { action: 'WAIT', waitsFor: 'Service' });
  });
});

describe('what becomes of a refusal', () => {
  const refuse = (
    resize: Resize,
    operation: Parameters<typeof afterRefusal>[1],
    seconds: number,
    name = 'X',
  ) => facts(afterRefusal(resize, operation, { name, text: 'no' }, 'm7i.xlarge', later(seconds)));
  const shortage = 'InsufficientInstanceCapacity';
  const over = changeRefusedSecondsMax;

  it('is told with what was refused, for how long, and why', () => {
    expect(refuse(inStandby(), 'StopInstance', 5)).toEqual({
      because: 'REFUSED_FOR_NOW',
      operation: 'StopInstance',
      error: 'no',
    });
    expect(refuse(inStandby({ refusedSince: now }), 'StopInstance', over)).toEqual({
      because: 'STEP_REFUSED',
      operation: 'StopInstance',
      seconds: over,
      error: 'no',
    });
    expect(refuse(inStandby(), 'StartInstance', 0, shortage)).toEqual({
      because: 'BROUGHT_HOME_AS',
      failure: { because: 'NOT_STARTED', instanceType: 'm7i.xlarge', error: shortage },
      instanceType: 'm7i.large',
    });
    // Only a start lacks capacity.
    expect(refuse(inStandby(), 'StopInstance', 0, shortage)).toMatchObject({ because: 'REFUSED_FOR_NOW' });
    expect(refuse(inStandby(), 'StartInstance', 0)).toMatchObject({ because: 'REFUSED_FOR_NOW' });
  });

  it('of a start is another type, and of Standby that nothing was done', () => {
    expect(refuse(inStandby({ refusedSince: now }), 'StartInstance', over)).toMatchObject({
      because: 'BROUGHT_HOME_AS',
      failure: { because: 'STEP_REFUSED', operation: 'StartInstance' },
    });
    const refused = { because: 'STEP_REFUSED', operation: 'EnterStandby', seconds: over, error: 'no' };
    expect(refuse(aResize({ refusedSince: now }), 'EnterStandby', over)).toEqual(['UNTOUCHED', refused]);
    expect(refuse(aResize({ refusedSince: now }), 'ExitStandby', over)).toEqual({
      ...refused,
      operation: 'ExitStandby',
    });
    expect(refuse(home({ refusedSince: now }), 'ExitStandby', homeSecondsMax)).toEqual([
      'LEFT',
      { ...refused, operation: 'ExitStandby', seconds: homeSecondsMax },
    ]);
  });
});
