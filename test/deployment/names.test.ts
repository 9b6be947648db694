import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as errors from '../../functions/domain/errors.ts';
import {
  changeBudgetSeconds,
  changeFunctionTimeoutSeconds,
  drainRoundsMax,
  inspectAgainAfterSeconds,
  inspectLaterAfterSeconds,
  inspectLaterEverySeconds,
  leaseSeconds,
  releaseRoundsMax,
  resizeLookRoundsMax,
  roundsMax,
} from '../../functions/domain/limits.ts';
import type { NextState } from '../../functions/domain/resize/next-state.ts';
import { loadFunction, readDeployment } from '../../rehearsal/deployment.ts';

const root = new URL('../../', import.meta.url);
const deployment = readDeployment('test');
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const lowerFirst = (name: string): string => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;

interface Choice {
  StringEquals?: string;
  StringMatches?: string;
  Or?: Choice[];
  Next?: string;
}
interface State {
  Type: string;
  Resource?: string;
  Next?: string;
  Choices?: Choice[];
  Default?: string;
  TimeoutSeconds?: number;
  Retry?: { ErrorEquals: string[]; JitterStrategy?: string; MaxAttempts?: number }[];
  Catch?: { ErrorEquals: string[]; Next: string; ResultPath: string }[];
}
interface Machine {
  TimeoutSeconds: number;
  States: Record<string, State>;
}
const readMachine = (file: string): Machine =>
  parse(readFileSync(new URL(`statemachines/${file}`, root), 'utf8'), {
    merge: true,
    maxAliasCount: -1,
  }) as Machine;
const tasksOf = ({ States }: Machine) => Object.entries(States).filter(([, { Type }]) => Type === 'Task');
const machine = readMachine('hold.asl.yml');
const drainMachine = readMachine('drain-pending-wait.asl.yml');
const resizeMachine = readMachine('resize-in-place.asl.yml');
const tasks = [...tasksOf(machine), ...tasksOf(drainMachine), ...tasksOf(resizeMachine)];
const targetsOf = (inMachine: Machine) =>
  Object.fromEntries(tasksOf(inMachine).map(([name, { Catch }]) => [name, Catch?.at(-1)?.Next]));

describe('names', () => {
  it('are the same for every Task state and its function', () => {
    for (const { functionOfTask } of deployment.stateMachines) {
      for (const [state, functionName] of Object.entries(functionOfTask))
        expect(functionName).toBe(lowerFirst(state));
    }
    for (const [name, { Resource }] of tasks) expect(Resource).toBe(`\${${name}FunctionArn}`);
  });

  it('are the same for every function, its file and its definition, and no handler is left over', async () => {
    for (const { name, file } of deployment.functions) {
      expect(file).toBe(`functions/handlers/${kebab(name)}.ts`);
      expect((await loadFunction(file)).name).toBe(name);
    }
    expect(readdirSync(new URL('functions/handlers', root)).sort()).toEqual(
      deployment.functions.map(({ name }) => `${kebab(name)}.ts`).sort(),
    );
  });

  it('of functions that no state machine calls belong to an event', () => {
    const called = new Set(
      deployment.stateMachines.flatMap(({ functionOfTask }) => Object.values(functionOfTask)),
    );
    for (const { name, eventPatterns, everySeconds, stream } of deployment.functions) {
      const isInvoked = eventPatterns.length + everySeconds.length > 0 || stream !== undefined;
      expect([name, called.has(name) || isInvoked]).toEqual([name, true]);
    }
  });

  it('in an ErrorEquals are names of exported errors', () => {
    // One of a kind is met under the name of its kind.
    const { UnknownModeError, ...named } = errors;
    const known = Object.values(named).map((ErrorClass) => new ErrorClass('test').name);
    for (const [exported, ErrorClass] of Object.entries(named))
      expect(new ErrorClass('test').name).toBe(exported);
    expect(known).toContain(new UnknownModeError('/mode', 'disabled').name);
    const custom = tasks
      .flatMap(([, { Retry = [], Catch = [] }]) =>
        [...Retry, ...Catch].flatMap(({ ErrorEquals }) => ErrorEquals),
      )
      .filter((name) => !/^(States|Lambda)\./.test(name));
    expect(custom.length).toBeGreaterThan(0);
    for (const name of custom) expect(known).toContain(name);
  });
});

describe('the state machines', () => {
  const lambdaErrors = [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ];

  it.each(tasks)(
    'gives %s a timeout, the Lambda retries with jitter, and a catch that ends in Fail',
    (name, state) => {
      expect(state.TimeoutSeconds).toBeGreaterThan(0);
      expect(state.Retry?.[0]).toMatchObject({ ErrorEquals: lambdaErrors, JitterStrategy: 'FULL' });
      expect(state.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
      // What an execution was started with may be null or a text, in which no failure can be put.
      const expected = name.startsWith('Plan') ? undefined : '$.failure';
      // No hold ends because nobody could look whether its instances work.
      expect(state.Catch?.at(-1)?.ResultPath).toBe(name === 'InspectGroups' ? null : expected);
    },
  );

  it('gives back after a failure whatever may have been held', () => {
    expect(targetsOf(machine)).toEqual({
      PlanHold: 'HoldNotStarted',
      ApplyHold: 'ReleaseHold',
      CheckHold: 'ReleaseHold',
      InspectGroups: 'ApplyHold',
      ReleaseHold: 'HoldFailed',
      ReportHold: 'HoldFailed',
    });
    expect(targetsOf(drainMachine)).toEqual({
      PlanDrain: 'DrainNotStarted',
      ChooseDrains: 'ReleaseHold',
      TendBreakers: 'ReleaseHold',
      KeepEvidence: 'ReleaseHold',
      AbandonLaunches: 'ReleaseHold',
      ReleaseHold: 'DrainFailed',
      ReportDrain: 'DrainFailed',
    });
  });

  it('gives nothing back while instances may be in flight: the sweep has them brought home', () => {
    const { PlanResize, ...others } = targetsOf(resizeMachine);
    expect(PlanResize).toBe('ResizeNotStarted');
    expect(new Set(Object.values(others))).toEqual(new Set(['ResizeFailed']));
  });

  it('has a state for everything that a wave may need next', () => {
    /** The state that a decision leads to: Choices are gone through as Step Functions does. */
    const leadsTo = (next: string, from = 'WhatIsNext'): string => {
      const state = resizeMachine.States[from];
      if (state?.Type !== 'Choice') return from;
      const fits = (choice: Choice): boolean =>
        choice.StringEquals === next ||
        (choice.StringMatches === 'WaitFor*' && next.startsWith('WaitFor')) ||
        (choice.Or ?? []).some(fits);
      return leadsTo(next, (state.Choices ?? []).find(fits)?.Next ?? state.Default ?? 'nowhere');
    };
    const needed: NextState[] = [
      'ApplyHold',
      'PrepareGroup',
      'ReserveCapacity',
      'EnterStandby',
      'StopInstance',
      'ChangeInstanceType',
      'StartInstance',
      'ExitStandby',
      'RestoreGroup',
      'UpdateLaunchTemplate',
      'WaitForStandby',
      'WaitForStop',
      'WaitForStart',
      'WaitForStatusChecks',
      'WaitForService',
      'WaitForGroup',
      'End',
    ];
    for (const next of needed) expect(leadsTo(next)).toBe(next === 'End' ? 'ReleaseHold' : next);
    expect(leadsTo('GiveUp')).toBe('ReportResize');
  });

  it('is patient: an hour before a hold is given up, and longer than any hold for the whole', () => {
    const retries = (name: string) =>
      (machine.States[name] ?? drainMachine.States[name] ?? resizeMachine.States[name])?.Retry?.map(
        ({ MaxAttempts }) => MaxAttempts ?? 0,
      ).sort((a, b) => a - b) ?? [];
    const forLong = ['ApplyHold', 'CheckHold', 'ChooseDrains', 'TendBreakers', 'KeepEvidence', 'ChooseWave'];
    for (const name of [...forLong, 'StartInstance', 'ExitStandby', 'RestoreGroup'])
      expect(Math.min(...retries(name))).toBeGreaterThanOrEqual(60);
    expect(Math.min(...retries('ReleaseHold'))).toBeGreaterThanOrEqual(6);
    const longestHoldSeconds = 24 * 3600;
    for (const { TimeoutSeconds } of [machine, drainMachine, resizeMachine]) {
      expect(TimeoutSeconds).toBeGreaterThan(longestHoldSeconds + releaseRoundsMax * 600);
    }
  });

  it('waits longer for a function than the function may run', () => {
    for (const [name, { TimeoutSeconds }] of tasks) {
      const deployed = deployment.functions.find((candidate) => candidate.name === lowerFirst(name));
      expect(TimeoutSeconds).toBeGreaterThan(deployed?.timeoutSeconds ?? Number.POSITIVE_INFINITY);
    }
  });

  it('ends in Fail from a failed task, once groups are given back', () => {
    const endsIn = (inMachine: Machine, name: string, hasFailed: boolean, path: string[] = []): string => {
      const state = inMachine.States[name];
      if (state === undefined || path.includes(name)) return 'nowhere';
      if (state.Type === 'Fail' || state.Type === 'Succeed') return state.Type;
      if (name === 'DidAnythingFail') return hasFailed ? 'Fail' : 'Succeed';
      const next = state.Next ?? state.Default;
      return next === undefined ? 'nowhere' : endsIn(inMachine, next, hasFailed, [...path, name]);
    };
    for (const inMachine of [machine, drainMachine, resizeMachine]) {
      for (const [, { Catch = [] }] of tasksOf(inMachine)) {
        for (const { Next } of Catch) expect(endsIn(inMachine, Next, true)).toBe('Fail');
      }
    }
  });
});

describe('limits', () => {
  const timeoutOf = (name: string): number =>
    deployment.functions.find((candidate) => candidate.name === name)?.timeoutSeconds ?? 0;

  it('agree with serverless.yml: whoever changes groups is dead before its lease, and stops in time', () => {
    const changers = ['applyHold', 'releaseHold', 'sweep', 'tendBreakers', 'abandonLaunches'];
    const steps = ['enterStandby', 'stopInstance', 'changeInstanceType', 'startInstance', 'exitStandby'];
    for (const name of [...changers, ...steps, 'prepareGroup', 'restoreGroup']) {
      expect([name, timeoutOf(name)]).toEqual([name, changeFunctionTimeoutSeconds]);
    }
    expect(leaseSeconds).toBeGreaterThan(changeFunctionTimeoutSeconds);
    expect(changeBudgetSeconds).toBeLessThan(changeFunctionTimeoutSeconds);
  });

  it('keep an execution below 25,000 history events', () => {
    // A round: ApplyHold 5, WaitForNextRound 2, CheckHold 5, IsHoldStillNeeded 2, and four for a retry now and then.
    expect(roundsMax * 18).toBeLessThan(24_000);
    // Beside the rounds InspectGroups: at most every two minutes for two hours, and every quarter of an hour for two days.
    const looks = inspectLaterAfterSeconds / inspectAgainAfterSeconds + 172_800 / inspectLaterEverySeconds;
    expect(roundsMax * 18 + looks * (5 + 3)).toBeLessThan(25_000);
    // A round of draining: four tasks, two choices, a wait, and four for a retry now and then.
    expect(drainRoundsMax * (4 * 5 + 3 * 2 + 4)).toBeLessThanOrEqual(24_000);
    // A round of a resize: ChooseWave, two choices, and one more task; and one attempt of three events that fails.
    expect(resizeLookRoundsMax * (2 * 5 + 2 * 2 + 3)).toBeLessThanOrEqual(24_000);
  });
});
