import { describe, expect, it } from 'vitest';
import type { Death, SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Deed } from '../../rehearsal/incident.ts';
import { sliceOf } from '../seeds.ts';
import {
  isOver,
  leftBehind,
  nothingLeft,
  quiet,
  rehearseResize,
  resizeIncident,
  startResize,
} from './resize-incident.ts';
import { minutes } from './small-incident.ts';

/** Two of three instances are resized; the minimum has to be lowered for it. */
const spec = { desiredCapacity: 2, minSize: 2, deregistrationDelaySeconds: 10 };
const before = { minSize: 2, maxSize: 8, desiredCapacity: 2 };
const incident = (deeds: Deed[] = []) =>
  resizeIncident([startResize(), ...deeds], { durationSeconds: minutes(180) }, spec);

/** Short times: each look at an instance that is waited for is a moment to die in, and all are alike. */
const quirks = { ...quiet, ec2TimeFactor: 0.3 };

/** Functions of the resize's own execution: a death of the sweep, or of the one that brings home, is another story. */
const isOfResize = ({ functionName }: Death): boolean => !['sweep', 'routeSignal'].includes(functionName);

/** Rehearses the story and lets the function that makes the n-th call or write die, its execution stopped with it. */
const dieAt = async (n: number | undefined, when: Death['when'] = 'before') => {
  let seen = 0;
  let died: Death | undefined;
  let cloud: SimulatedCloud | undefined;
  const catching: Deed = {
    atSeconds: 1,
    text: '',
    act: (running) => {
      cloud = running;
    },
  };
  const run = await rehearseResize(incident([catching]), {
    quirks,
    endsWhen: isOver,
    dies: (death) => {
      if (!isOfResize(death) || died !== undefined) return false;
      if (death.when !== when || (when === 'after' && !death.mutating)) return false;
      seen += 1;
      if (seen !== n) return false;
      died = death;
      for (const arn of cloud?.stepFunctions.executions.keys() ?? []) cloud?.stepFunctions.stopExecution(arn);
      return true;
    },
  });
  return { run, seen, died };
};

/** How many calls and writes there are to die at. */
const counts = {
  before: (await dieAt(undefined)).seen,
  after: (await dieAt(undefined, 'after')).seen,
};

/** Every moment of so many, from 1. */
const momentsOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Rehearses the story and stops the execution as it enters its n-th state. */
const stopAt = async (n: number | undefined) => {
  const states: string[] = [];
  const run = await rehearseResize(incident(), {
    quirks,
    endsWhen: isOver,
    onState: ({ stepFunctions }, { name, executionArn }, state) => {
      if (name !== 'by-hand') return;
      states.push(state);
      if (states.length === n) stepFunctions.stopExecution(executionArn);
    },
  });
  return { run, states };
};

const expectAllIsWell = (run: Awaited<ReturnType<typeof rehearseResize>>): void => {
  expect(leftBehind(run, before)).toEqual(nothingLeft);
  expect(run.fewestHealthy.web).toBeGreaterThanOrEqual(1);
  expect(run.group.terminations).toEqual([]);
  expect(run.instances).toHaveLength(2);
  // The types are what the journal says of each.
  for (const { instanceId, ec2 } of run.group.instances) {
    const told = run.journal.findLast(
      (line) => /^(resized|brought-home|kept):/.test(line) && line.includes(instanceId),
    );
    if (ec2.instanceType !== 'm7i.large') expect(told).toContain(ec2.instanceType);
  }
};

const { states: allStates } = await stopAt(undefined);

describe('a resize of two instances whose function dies and whose execution is stopped', () => {
  const everyState = Array.from({ length: allStates.length }, (_, index) => index + 1);
  it.each(sliceOf(everyState, 8))('is brought home when it is stopped as it enters state %i', async (n) => {
    const { run, states } = await stopAt(n);
    expect(states[n - 1]).toBe(allStates[n - 1]);
    expectAllIsWell(run);
  });

  it('passes through every state that a resize in good order has', () => {
    for (const state of [
      'ProvePermissions',
      'ApplyHold',
      'PrepareGroup',
      'ReserveCapacity',
      'EnterStandby',
    ]) {
      expect(allStates).toContain(state);
    }
    for (const state of [
      'StopInstance',
      'ChangeInstanceType',
      'StartInstance',
      'ExitStandby',
      'RestoreGroup',
    ]) {
      expect(allStates).toContain(state);
    }
    for (const state of [
      'WaitForStandby',
      'WaitForStop',
      'WaitForStatusChecks',
      'WaitForService',
      'ReleaseHold',
    ]) {
      expect(allStates).toContain(state);
    }
  });

  it('has many moments to die in', () => {
    expect(counts.before).toBeGreaterThan(200);
    expect(counts.after).toBeGreaterThan(15);
  });

  it.each(sliceOf(momentsOf(counts.before), 24))(
    'is brought home after a death right before call %i',
    async (n) => {
      const { run, died } = await dieAt(n);
      expect(died).toBeDefined();
      expectAllIsWell(run);
    },
  );

  it.each(sliceOf(momentsOf(counts.after), 8))(
    'is brought home after a death right after changing call %i',
    async (n) => {
      const { run, died } = await dieAt(n, 'after');
      expect(died).toBeDefined();
      expectAllIsWell(run);
    },
  );
});
