import { describe, expect, it } from 'vitest';
import {
  bootSecondsMax,
  changeRefusedSecondsMax,
  enteringSecondsMax,
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
} from '../../../functions/domain/resize/decide-resize-step.ts';
import type { Resize } from '../../../functions/domain/resize/resize-record.ts';
import { later, now } from '../holds/group-fixtures.ts';
import { aResize, seen } from './resize-fixtures.ts';

const xlarge = (state: string, stateReason?: string) => ({
  ec2: { state, instanceType: 'm7i.xlarge', ...(stateReason === undefined ? {} : { stateReason }) },
});
const large = (state: string) => ({ ec2: { state, instanceType: 'm7i.large' } });
const inStandby = (over: Partial<Resize> = {}) => aResize({ hasEntered: true, stage: 'ENTERING', ...over });

describe('decideResizeStep', () => {
  type Case = [what: string, resize: Resize, Parameters<typeof decideResizeStep>[1], object];

  it.each<Case>([
    ['reserves first', aResize({ isReserved: false }), seen('InService'), { action: 'RESERVE' }],
    [
      'enters Standby',
      aResize(),
      seen('InService'),
      { action: 'CALL', operation: 'EnterStandby', stage: 'ENTERING' },
    ],
    [
      'waits while it is drained',
      inStandby(),
      seen('EnteringStandby'),
      { action: 'WAIT', waitsFor: 'Standby' },
    ],
    ['stops', inStandby(), seen('Standby'), { action: 'CALL', operation: 'StopInstance', isForced: false }],
    [
      'waits while it stops',
      inStandby({ stage: 'STOPPING' }),
      seen('Standby', large('stopping')),
      { action: 'WAIT', waitsFor: 'Stop' },
    ],
    [
      'changes the type',
      inStandby({ stage: 'STOPPING' }),
      seen('Standby', large('stopped')),
      { action: 'CALL', operation: 'ChangeInstanceType' },
    ],
    [
      'starts',
      inStandby({ stage: 'CHANGING' }),
      seen('Standby', xlarge('stopped')),
      { action: 'CALL', operation: 'StartInstance' },
    ],
    [
      'waits while it starts',
      inStandby({ stage: 'STARTING' }),
      seen('Standby', xlarge('pending')),
      { action: 'WAIT', waitsFor: 'Start' },
    ],
    [
      'waits for its checks',
      inStandby({ stage: 'STARTING' }),
      seen('Standby', { ...xlarge('running'), hasPassedChecks: false }),
      { action: 'WAIT', waitsFor: 'StatusChecks' },
    ],
    [
      'leaves Standby',
      inStandby({ stage: 'STARTING', stageAt: later(-inForceWithinSeconds) }),
      seen('Standby', xlarge('running')),
      { action: 'CALL', operation: 'ExitStandby' },
    ],
    [
      'waits on its way into service',
      inStandby({ stage: 'EXITING' }),
      seen('Pending', xlarge('running')),
      { action: 'WAIT', waitsFor: 'Service' },
    ],
    [
      'waits to be healthy',
      inStandby({ stage: 'EXITING' }),
      seen('InService', { ...xlarge('running'), isHealthy: false }),
      { action: 'WAIT', waitsFor: 'Service' },
    ],
    [
      'is done',
      inStandby({ stage: 'EXITING' }),
      seen('InService', xlarge('running')),
      { action: 'END', outcome: 'RESIZED' },
    ],
    [
      'leaves alone what the run ended before',
      aResize({ direction: 'HOME', failure: 'x' }),
      seen('InService'),
      { action: 'END', outcome: 'UNTOUCHED' },
    ],
    [
      'starts again what is on its way home',
      inStandby({ direction: 'HOME', wantedType: 'm7i.large', homeSince: now }),
      seen('Standby', large('stopped')),
      { action: 'CALL', operation: 'StartInstance' },
    ],
    [
      'is home',
      inStandby({ direction: 'HOME', wantedType: 'm7i.large', stage: 'EXITING', homeSince: now }),
      seen('InService', large('running')),
      { action: 'END', outcome: 'BROUGHT_HOME' },
    ],
    [
      'counts a candidate as resized also on the way home',
      inStandby({ direction: 'HOME', wantedType: 'm6i.xlarge', stage: 'EXITING', homeSince: now }),
      seen('InService', { ec2: { state: 'running', instanceType: 'm6i.xlarge' } }),
      { action: 'END', outcome: 'RESIZED' },
    ],
    [
      'takes an unhealthy one back to its type',
      inStandby({ direction: 'HOME', wantedType: 'm7i.large', stage: 'EXITING', homeSince: now }),
      seen('InService', { ...xlarge('running'), isHealthy: false }),
      { action: 'CALL', operation: 'EnterStandby' },
    ],
    ['finds it gone', inStandby(), seen(undefined), { action: 'END', outcome: 'GONE' }],
    [
      'finds it terminated in Standby',
      inStandby(),
      seen('Standby', large('terminated')),
      { action: 'END', outcome: 'GONE' },
    ],
    [
      'does not believe that EC2 lost it',
      inStandby({ missingSince: now }),
      seen('Standby', { ec2: undefined }),
      { action: 'WAIT' },
    ],
  ])('%s', (_what, resize, facts, expected) => {
    expect(decideResizeStep(resize, facts, later(30))).toMatchObject(expected);
  });

  type Limit = [
    what: string,
    seconds: number,
    resize: Resize,
    Parameters<typeof decideResizeStep>[1],
    before: object,
    after: object,
  ];

  it.each<Limit>([
    [
      'a drain',
      enteringSecondsMax,
      inStandby(),
      seen('EnteringStandby'),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
    [
      'a stop, then forces it',
      stopSecondsMax,
      inStandby({ stage: 'STOPPING' }),
      seen('Standby', large('stopping')),
      { action: 'WAIT' },
      { action: 'CALL', operation: 'StopInstance', isForced: true },
    ],
    [
      'a forced stop',
      forcedStopSecondsMax,
      inStandby({ stage: 'STOPPING', isForced: true }),
      seen('Standby', large('stopping')),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
    [
      'a start',
      startSecondsMax,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', xlarge('pending')),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
    [
      'checks, then goes home',
      bootSecondsMax,
      inStandby({ stage: 'STARTING' }),
      seen('Standby', { ...xlarge('running'), hasPassedChecks: false }),
      { action: 'WAIT' },
      { action: 'TURN', change: { direction: 'HOME', wantedType: 'm7i.large', tried: ['m7i.xlarge'] } },
    ],
    [
      'health, then goes home',
      serviceSecondsMax,
      inStandby({ stage: 'EXITING' }),
      seen('InService', { ...xlarge('running'), isHealthy: false }),
      { action: 'WAIT' },
      { action: 'TURN', change: { direction: 'HOME', wantedType: 'm7i.large' } },
    ],
    [
      'a load balancer that cannot be asked',
      serviceSecondsMax,
      inStandby({ stage: 'EXITING' }),
      seen('InService', { ...xlarge('running'), isHealthy: undefined }),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
    [
      'a way into service',
      serviceSecondsMax,
      inStandby({ stage: 'EXITING' }),
      seen('Pending', xlarge('running')),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
    [
      'Standby that was asked for',
      leaseSeconds,
      aResize({ stage: 'ENTERING', direction: 'HOME', failure: 'x' }),
      seen('InService'),
      { action: 'WAIT' },
      { action: 'END', outcome: 'UNTOUCHED' },
    ],
    [
      'what EC2 does not tell of',
      startSecondsMax,
      inStandby({ missingSince: now }),
      seen('Standby', { ec2: undefined }),
      { action: 'WAIT' },
      { action: 'END', outcome: 'LEFT' },
    ],
  ])('waits for %s so long, and no longer', (_what, seconds, resize, facts, before, after) => {
    expect(decideResizeStep(resize, facts, later(seconds - 1))).toMatchObject(before);
    expect(decideResizeStep(resize, facts, later(seconds))).toMatchObject(after);
  });

  type Old = [
    what: string,
    resize: Resize,
    Parameters<typeof decideResizeStep>[1],
    waitsFor: string,
    after: object,
  ];

  it.each<Old>([
    [
      'that it runs, to stop it again',
      inStandby({ stage: 'STOPPING' }),
      seen('Standby', large('running')),
      'Stop',
      { action: 'CALL', operation: 'StopInstance' },
    ],
    [
      'that it runs, to let it into service on its way home',
      inStandby({ stage: 'STOPPING', direction: 'HOME', wantedType: 'm7i.large', homeSince: now }),
      seen('Standby', large('running')),
      'Stop',
      { action: 'CALL', operation: 'ExitStandby' },
    ],
    [
      'that it ran with its old type, to stop it once it was started',
      inStandby({ stage: 'STARTING' }),
      seen('Standby', large('running')),
      'Start',
      { action: 'CALL', operation: 'StopInstance' },
    ],
    [
      'that its checks had passed, to let it into service',
      inStandby({ stage: 'STARTING' }),
      seen('Standby', xlarge('running')),
      'StatusChecks',
      { action: 'CALL', operation: 'ExitStandby' },
    ],
    [
      'that it is in Standby, to let it leave again',
      inStandby({ stage: 'EXITING' }),
      seen('Standby', xlarge('running')),
      'Service',
      { action: 'CALL', operation: 'ExitStandby' },
    ],
  ])('does not believe an old answer %s', (_what, resize, facts, waitsFor, after) => {
    expect(decideResizeStep(resize, facts, later(inForceWithinSeconds - 1))).toEqual({
      action: 'WAIT',
      waitsFor,
    });
    expect(decideResizeStep(resize, facts, later(inForceWithinSeconds))).toMatchObject(after);
  });

  it('forces no stop that it did not ask for before that has lasted as long', () => {
    const started = inStandby({ stage: 'STARTING', hasStarted: true, stoppingSince: later(900) });
    const stopping = seen('Standby', xlarge('stopping'));
    expect(decideResizeStep(started, stopping, later(900 + stopSecondsMax - 1))).toEqual({
      action: 'WAIT',
      waitsFor: 'Stop',
    });
    expect(decideResizeStep(started, stopping, later(900 + stopSecondsMax))).toMatchObject({
      action: 'CALL',
      isForced: true,
    });
    // It had started with this type and stopped by itself: the type does not do.
    const forced = { ...started, stage: 'STOPPING' as const, isForced: true };
    expect(decideResizeStep(forced, seen('Standby', xlarge('stopped')), later(30))).toMatchObject({
      action: 'TURN',
      turn: { failure: { because: 'STOPPED_AGAIN' } },
    });
  });

  it('tries to give one up again as soon as any refused step', () => {
    const refusedAt = later(1000);
    const givenUp = inStandby({
      stage: 'ENTERING',
      stageAt: refusedAt,
      direction: 'HOME',
      wantedType: 'm7i.large',
      homeSince: now,
      isGivenUp: true,
      refusedSince: refusedAt,
      refusedAt,
    });
    const facts = seen('InService', { ...large('running'), isHealthy: false });
    expect(decideResizeStep(givenUp, facts, later(1000 + refusedPauseSecondsMin - 1)).action).toBe('WAIT');
    expect(decideResizeStep(givenUp, facts, later(1000 + refusedPauseSecondsMin))).toMatchObject({
      action: 'CALL',
      operation: 'EnterStandby',
      givesUp: true,
    });
  });

  it('takes one back into Standby that is in service and stopped, once looks agree', () => {
    const resize = inStandby({
      stage: 'EXITING',
      direction: 'HOME',
      wantedType: 'm7i.large',
      homeSince: now,
    });
    const facts = seen('InService', large('stopped'));
    const step = decideResizeStep(resize, facts, later(30));
    expect(step).toMatchObject({
      action: 'CALL',
      operation: 'EnterStandby',
      cause: { because: 'NOT_RUNNING' },
    });
    const first = believeStep(step, resize, facts, later(30));
    expect(first).toMatchObject({
      step: { action: 'WAIT', waitsFor: 'Service' },
      doubt: { since: later(30) },
    });
    const doubting = { ...resize, doubt: first.doubt };
    expect(believeStep(step, doubting, facts, later(89)).step.action).toBe('WAIT');
    expect(believeStep(step, doubting, facts, later(90))).toMatchObject({ step: { action: 'CALL' } });
    // What looks do not agree on begins anew.
    const running = decideResizeStep(doubting, seen('InService', large('running')), later(60));
    expect(believeStep(running, doubting, facts, later(60)).doubt).toBeUndefined();
  });

  it('gives up what could not be taken out of service for long', () => {
    const facts = seen('InService');
    expect(decideResizeStep(aResize(), facts, later(resizeWaitSecondsMax))).toMatchObject({ action: 'CALL' });
    expect(decideResizeStep(aResize(), facts, later(resizeWaitSecondsMax + 1))).toMatchObject({
      action: 'END',
      outcome: 'UNTOUCHED',
    });
  });

  it('leaves to a person what is on its way home for hours', () => {
    const resize = inStandby({
      direction: 'HOME',
      wantedType: 'm7i.large',
      stage: 'STARTING',
      homeSince: now,
    });
    const facts = seen('Standby', large('stopped'));
    expect(
      decideResizeStep({ ...resize, stageAt: later(homeTotalSecondsMax) }, facts, later(homeTotalSecondsMax)),
    ).toMatchObject({ action: 'CALL' });
    expect(decideResizeStep(resize, facts, later(homeTotalSecondsMax + 1))).toMatchObject({
      action: 'END',
      outcome: 'LEFT',
    });
  });

  it('goes down the list on its way home when a start comes to nothing, and through it again for a while', () => {
    const stopped = (type: string) =>
      seen('Standby', {
        ec2: { state: 'stopped', instanceType: type, stateReason: 'Server.InsufficientInstanceCapacity' },
      });
    const first = decideResizeStep(inStandby({ stage: 'STARTING' }), stopped('m7i.xlarge'), later(60));
    expect(first).toMatchObject({
      action: 'TURN',
      change: { direction: 'HOME', wantedType: 'm7i.large', tried: ['m7i.xlarge'] },
    });
    const home = inStandby({
      stage: 'STARTING',
      direction: 'HOME',
      wantedType: 'm7i.large',
      tried: ['m7i.xlarge'],
      homeSince: now,
    });
    expect(decideResizeStep(home, stopped('m7i.large'), later(60))).toMatchObject({
      action: 'TURN',
      change: { wantedType: 'm6i.xlarge' },
    });
    const last = { ...home, wantedType: 'm6i.xlarge', tried: ['m7i.xlarge', 'm7i.large'] };
    expect(decideResizeStep(last, stopped('m6i.xlarge'), later(homeSecondsMax - 1))).toMatchObject({
      action: 'TURN',
      change: { wantedType: 'm7i.large', tried: [] },
    });
    expect(decideResizeStep(last, stopped('m6i.xlarge'), later(homeSecondsMax))).toMatchObject({
      action: 'END',
      outcome: 'LEFT',
    });
  });

  it('does not judge a start by what may be the reason of an earlier stop', () => {
    const facts = seen('Standby', xlarge('stopped', 'Server.InsufficientInstanceCapacity'));
    const resize = inStandby({ stage: 'STARTING' });
    expect(decideResizeStep(resize, facts, later(59))).toMatchObject({ action: 'WAIT', waitsFor: 'Start' });
    expect(decideResizeStep(resize, facts, later(60))).toMatchObject({ action: 'TURN' });
  });

  it('does not take a description for the truth that still shows it in service', () => {
    const resize = inStandby();
    expect(decideResizeStep(resize, seen('InService'), later(119))).toMatchObject({
      action: 'WAIT',
      waitsFor: 'Standby',
    });
    const home = inStandby({ direction: 'HOME', wantedType: 'm7i.large', homeSince: now });
    expect(decideResizeStep(home, seen('InService'), later(119))).toMatchObject({ action: 'WAIT' });
    expect(decideResizeStep(home, seen('InService'), later(120))).toMatchObject({
      action: 'END',
      outcome: 'BROUGHT_HOME',
    });
  });

  it('reserves anew in Standby what others took before it was stopped', () => {
    expect(decideResizeStep(inStandby({ isReserved: false }), seen('Standby'), later(5))).toMatchObject({
      action: 'RESERVE',
    });
  });

  it('takes a stop that somebody asked for before the start for no failure, and one after it for one', () => {
    const facts = seen('Standby', xlarge('stopped', 'Client.UserInitiatedShutdown'));
    expect(decideResizeStep(inStandby({ stage: 'STARTING' }), facts, later(60))).toMatchObject({
      action: 'CALL',
      operation: 'StartInstance',
    });
    expect(
      decideResizeStep(inStandby({ stage: 'STARTING', hasStarted: true }), facts, later(5)),
    ).toMatchObject({ action: 'TURN', change: { direction: 'HOME' } });
  });
});

describe('afterRefusal', () => {
  const error = { name: 'IncorrectState', text: 'IncorrectState: no' };

  it('tries again for a while, then brings home what it can', () => {
    const resize = inStandby({ stage: 'STOPPING' });
    expect(afterRefusal(resize, 'StopInstance', error, 'm7i.large', now)).toMatchObject({
      action: 'TURN',
      change: { refusedSince: now },
    });
    const refused = { ...resize, refusedSince: now };
    expect(
      afterRefusal(refused, 'StopInstance', error, 'm7i.large', later(changeRefusedSecondsMax - 1)),
    ).toMatchObject({ action: 'TURN', change: { refusedSince: now } });
    expect(
      afterRefusal(refused, 'StopInstance', error, 'm7i.large', later(changeRefusedSecondsMax)),
    ).toMatchObject({ action: 'TURN', change: { direction: 'HOME', wantedType: 'm7i.large' } });
  });

  it('touches nothing that cannot enter Standby', () => {
    const refused = aResize({ stage: 'ENTERING', refusedSince: now });
    expect(
      afterRefusal(refused, 'EnterStandby', error, 'm7i.large', later(changeRefusedSecondsMax)),
    ).toMatchObject({ action: 'END', outcome: 'UNTOUCHED' });
  });

  it('brings home, and then leaves, what cannot enter Standby again', () => {
    const again = inStandby({ stage: 'ENTERING', hasExited: true, refusedSince: now });
    expect(
      afterRefusal(again, 'EnterStandby', error, 'm7i.xlarge', later(changeRefusedSecondsMax)),
    ).toMatchObject({ action: 'TURN', change: { direction: 'HOME', wantedType: 'm7i.xlarge' } });
    const home = { ...again, direction: 'HOME' as const, homeSince: now };
    expect(afterRefusal(home, 'EnterStandby', error, 'm7i.xlarge', later(homeSecondsMax))).toMatchObject({
      action: 'END',
      outcome: 'LEFT',
    });
  });

  it('takes a lack of capacity for an answer at once', () => {
    const lacking = { name: 'InsufficientInstanceCapacity', text: '' };
    expect(
      afterRefusal(inStandby({ stage: 'STARTING' }), 'StartInstance', lacking, 'm7i.xlarge', now),
    ).toMatchObject({ action: 'TURN', change: { direction: 'HOME', wantedType: 'm7i.large' } });
  });

  it('leaves to a person what is refused on the way home for half an hour', () => {
    const home = inStandby({ stage: 'EXITING', direction: 'HOME', refusedSince: now, homeSince: now });
    expect(afterRefusal(home, 'ExitStandby', error, 'm7i.large', later(homeSecondsMax - 1))).toMatchObject({
      action: 'TURN',
    });
    expect(afterRefusal(home, 'ExitStandby', error, 'm7i.large', later(homeSecondsMax))).toMatchObject({
      action: 'END',
      outcome: 'LEFT',
    });
  });
});
