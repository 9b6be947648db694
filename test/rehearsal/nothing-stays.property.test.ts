import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInstance } from '../../functions/domain/holds/group-record.ts';
import { pauseScalingEffect } from '../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../functions/domain/holds/protect-instances.ts';
import { checkAsyncProperty } from '../check-property.ts';
import { createWorld } from './random-holds.ts';

const processes = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ScheduledActions',
];
const ids = ['i-1', 'i-2', 'i-3'];
const newIds = ['i-11', 'i-12'];

const kinds = {
  'scale-in': { remediation: 'pause-scaling', effect: pauseScalingEffect('scale-in') },
  all: { remediation: 'pause-scaling', effect: pauseScalingEffect('all') },
  protect: { remediation: 'protect-instances', effect: protectInstancesEffect },
} as const;

const second = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });

const schedule = fc.record({
  seed: fc.nat(1_000_000),
  /** Which part of 120 s descriptions lag, and which part of it changes are late. */
  lag: fc.double({ min: 0, max: 1, noNaN: true }),
  late: fc.double({ min: 0, max: 1, noNaN: true }),
  failureRate: fc.constantFrom(0, 0, 0.02, 0.1),
  deathRate: fc.constantFrom(0, 0, 0.005, 0.02),
  before: fc.subarray(processes, { maxLength: 3 }),
  holds: fc.array(
    fc.record({
      kind: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
      at: second(900),
      expiresAfter: fc.integer({ min: 600, max: 1500 }),
      stopAfter: fc.option(second(1200)),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  people: fc.array(
    fc.record({
      at: second(2400),
      imposes: fc.boolean(),
      setting: fc.constantFrom(...processes, ...ids),
    }),
    { maxLength: 4 },
  ),
  switchedOffAt: fc.option(second(2000), { freq: 4 }),
  comesAt: fc.option(second(2000), { freq: 3 }),
  leavesAt: fc.option(second(2000), { freq: 4 }),
  madeAnewAt: fc.option(second(2000), { freq: 6 }),
});

type Schedule = typeof schedule extends fc.Arbitrary<infer Value> ? Value : never;

/** A second less than the rules allow for, so that a call's own time is in it too. */
const boundSeconds = 119;
const hours = 3600;

const run = async (plan: Schedule): Promise<void> => {
  const readLagSeconds = boundSeconds * plan.lag;
  const world = createWorld(
    {
      seed: plan.seed,
      readLagSeconds,
      effectDelaySeconds: (boundSeconds - readLagSeconds) * plan.late,
      failureRate: plan.failureRate,
      deathRate: plan.deathRate,
    },
    { suspended: plan.before, ids },
  );
  for (const [index, { kind, at, expiresAfter, stopAfter }] of plan.holds.entries()) {
    const { remediation } = kinds[kind];
    world.at(at, () =>
      world.start(remediation, `hold-${index}`, {
        autoScalingGroupName: 'web',
        reason: 'a property',
        expiresAfter: `${expiresAfter}s`,
        ...(kind === 'protect' ? {} : { block: kind }),
      }),
    );
    if (stopAfter !== null) world.at(at + stopAfter, () => world.stop(remediation, `hold-${index}`));
  }
  for (const { at, imposes, setting } of plan.people) {
    world.at(at, () =>
      world.change((group) => {
        if (!isInstance(setting)) {
          if (imposes) group.suspended.add(setting);
          else group.suspended.delete(setting);
        } else if (group.instances.has(setting)) group.instances.set(setting, imposes);
      }),
    );
  }
  const { switchedOffAt, comesAt, leavesAt, madeAnewAt } = plan;
  if (switchedOffAt !== null) world.at(switchedOffAt, () => world.setSwitch('off'));
  if (comesAt !== null) world.at(comesAt, () => world.change((group) => group.instances.set('i-9', false)));
  if (leavesAt !== null) world.at(leavesAt, () => world.change((group) => group.instances.delete('i-3')));
  if (madeAnewAt !== null) world.at(madeAnewAt, () => world.makeAnew([], newIds));
  await world.runUntil(5 * hours);

  expect(world.store.listGroups()).toEqual([]);
  expect(await world.store.listOpenIncidents()).toEqual([]);
  const truth = world.truth();
  const claimed = new Set<string>(
    plan.holds.flatMap(({ kind }) => {
      const { effect } = kinds[kind];
      return [...effect.processes, ...(effect.protectsInstances ? [...ids, 'i-9', ...newIds] : [])];
    }),
  );
  const isInForce = (setting: string): boolean =>
    isInstance(setting) ? truth?.instances.get(setting) === true : truth?.suspended.has(setting) === true;
  for (const setting of [...processes, ...ids, 'i-9', ...newIds]) {
    const touches = plan.people.filter((person) => person.setting === setting);
    // Of what was touched twice, or put in force beside us, nobody can tell afterwards whose it is.
    if (touches.length > 1) continue;
    const [touch] = touches;
    if (touch === undefined) {
      const wasBefore = madeAnewAt === null && plan.before.includes(setting);
      expect([setting, isInForce(setting)]).toEqual([setting, wasBefore]);
    } else if (!touch.imposes) {
      // Taken back in the old group, or in the new one: it is not there.
      expect([setting, isInForce(setting)]).toEqual([setting, false]);
    } else if (!claimed.has(setting) && (madeAnewAt === null || touch.at > madeAnewAt + 30)) {
      expect([setting, isInForce(setting)]).toEqual([
        setting,
        !isInstance(setting) || truth?.instances.has(setting) === true,
      ]);
    }
  }
};

describe('holds, whatever lags, dies, fails, overlaps, is stopped or taken back', () => {
  it('leave nothing of ours in a group, and nothing of theirs touched', async () => {
    await checkAsyncProperty(fc.asyncProperty(schedule, run), {
      file: 'test/rehearsal/nothing-stays.property.test.ts',
      runs: 500,
    });
  });
});
