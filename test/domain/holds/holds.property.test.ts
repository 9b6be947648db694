import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedCall } from '../../../functions/domain/calls.ts';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import { decideRelease } from '../../../functions/domain/holds/decide-release.ts';
import { type GroupRecord, isInstance } from '../../../functions/domain/holds/group-record.ts';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { checkProperty } from '../../check-property.ts';
import { inputOf } from '../../input-of.ts';
import { aGroup, anIncident, aRecord, later } from './group-fixtures.ts';

const processes = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
] as const;

const instanceIds = ['i-1', 'i-2', 'i-3', 'i-4'];
const incidentIds = ['a', 'b', 'c'] as const;
type IncidentId = (typeof incidentIds)[number];

type Step =
  | { kind: 'apply' | 'release'; incident: IncidentId; crash: 'none' | 'before-call' | 'after-call' }
  | { kind: 'person-imposes' | 'person-takes-back'; setting: string }
  | { kind: 'leaves' | 'comes'; instance: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('apply' as const, 'release' as const),
      incident: fc.constantFrom(...incidentIds),
      crash: fc.constantFrom('none' as const, 'none' as const, 'before-call' as const, 'after-call' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('person-imposes' as const, 'person-takes-back' as const),
      setting: fc.constantFrom(...processes, ...instanceIds),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('leaves' as const, 'comes' as const),
      instance: fc.constantFrom(...instanceIds, 'i-5', 'i-6'),
    }),
  },
);

const incidents = {
  a: anIncident({ incidentId: 'a' }),
  b: anIncident({
    incidentId: 'b',
    settings: { ...anIncident().settings, effect: pauseScalingEffect('all') },
  }),
  c: anIncident({
    incidentId: 'c',
    remediation: 'protect-instances',
    settings: { ...anIncident().settings, effect: protectInstancesEffect },
  }),
};

/** One group in a world in which every function may crash between record and call, or between call and record. */
const createWorld = (before: string[]) => {
  let seconds = 0;
  let record: GroupRecord = aRecord();
  const inForce = new Set<string>(before);
  const present = new Set<string>(instanceIds);
  const group = () =>
    aGroup({
      suspendedProcesses: [...inForce].filter((setting) => !isInstance(setting)),
      instances: [...present].map((instanceId) => ({
        instanceId,
        lifecycleState: 'InService',
        healthStatus: 'Healthy',
        protectedFromScaleIn: inForce.has(instanceId),
      })),
    });
  const make = (call: PlannedCall): void => {
    const { operation } = call;
    const input = inputOf(call);
    const named = input.ScalingProcesses ?? input.InstanceIds ?? [];
    const imposes = operation === 'SuspendProcesses' || input.ProtectedFromScaleIn === true;
    const takesBack = operation === 'ResumeProcesses' || input.ProtectedFromScaleIn === false;
    if (operation === 'SetInstanceProtection') expect(named.every((id) => present.has(id))).toBe(true);
    for (const setting of named) {
      if (imposes) inForce.add(setting);
      if (takesBack) inForce.delete(setting);
    }
  };
  const turn = (
    kind: 'apply' | 'release',
    incident: IncidentId,
    crash: 'none' | 'before-call' | 'after-call',
  ) => {
    // Further apart than any lease or any delay of AWS: what is seen is what is.
    seconds += 1000;
    const decision =
      kind === 'apply'
        ? decideApply(incidents[incident], group(), record, 'me', later(seconds))
        : decideRelease(
            group(),
            record,
            { incidentId: incident, settleSeconds: 180, owner: 'me' },
            later(seconds),
          );
    if (decision.action !== 'WRITE') return decision.action;
    record = decision.before;
    if (crash === 'before-call') return decision.action;
    for (const call of decision.calls) make(call);
    if (crash === 'after-call') return decision.action;
    record = decision.after;
    return decision.action;
  };
  return {
    inForce,
    turn,
    leave: (instance: string): void => {
      present.delete(instance);
      inForce.delete(instance);
    },
    come: (instance: string): void => {
      present.add(instance);
    },
    present,
    record: () => record,
  };
};

describe('decideApply and decideRelease together', () => {
  it('leave a group as people left it, whatever overlaps, crashes or is overridden', () => {
    checkProperty(
      fc.property(
        fc.subarray([...processes, ...instanceIds]),
        fc.array(step, { maxLength: 16 }),
        (before, steps) => {
          const world = createWorld(before);
          const released = new Set<string>();
          const touched = new Set<string>();
          for (const next of steps) {
            if ('setting' in next) {
              touched.add(next.setting);
              if (
                next.kind === 'person-imposes' &&
                (!isInstance(next.setting) || world.present.has(next.setting))
              )
                world.inForce.add(next.setting);
              else world.inForce.delete(next.setting);
              continue;
            }
            if ('instance' in next) {
              // An instance that has left does not come again: ids are never used twice.
              if (next.kind === 'leaves' && world.present.has(next.instance)) {
                touched.add(next.instance);
                world.leave(next.instance);
              }
              if (next.kind === 'comes' && !touched.has(next.instance)) world.come(next.instance);
              continue;
            }
            // An incident that ends does not begin again: its execution has a name that counts once.
            if (next.kind === 'apply' && released.has(next.incident)) continue;
            if (next.kind === 'release') released.add(next.incident);
            world.turn(next.kind, next.incident, next.crash);
          }
          for (const incident of incidentIds) {
            let turns = 0;
            while (world.turn('release', incident, 'none') !== 'DONE') {
              turns += 1;
              expect(turns).toBeLessThan(8);
            }
          }
          expect(world.record().holds).toEqual([]);
          expect(world.record().imposed).toEqual([]);
          // What no person touched meanwhile is as it was; what one did touch, nobody but a person can judge.
          for (const setting of [...processes, ...instanceIds, 'i-5', 'i-6']) {
            if (!touched.has(setting))
              expect([setting, world.inForce.has(setting)]).toEqual([setting, before.includes(setting)]);
          }
        },
      ),
      { file: 'test/domain/holds/holds.property.test.ts', runs: 2000, seed: 20210104 },
    );
  });

  it('keep in force everything that any hold still claims', () => {
    checkProperty(
      fc.property(fc.shuffledSubarray([...incidentIds], { minLength: 3 }), (order) => {
        const world = createWorld([]);
        for (const incident of incidentIds) world.turn('apply', incident, 'none');
        expect([...world.inForce]).toEqual(expect.arrayContaining(instanceIds));
        order.forEach((incident, index) => {
          const rest = order.slice(index + 1);
          for (let turns = 0; world.turn('release', incident, 'none') !== 'DONE'; turns += 1) {
            expect(turns).toBeLessThan(8);
            for (const other of rest) {
              const { processes: claimed, protectsInstances } = incidents[other].settings.effect;
              for (const process of claimed) expect(world.inForce.has(process)).toBe(true);
              if (protectsInstances) for (const id of instanceIds) expect(world.inForce.has(id)).toBe(true);
            }
          }
        });
        expect([...world.inForce]).toEqual([]);
      }),
      { file: 'test/domain/holds/holds.property.test.ts', runs: 50 },
    );
  });
});
