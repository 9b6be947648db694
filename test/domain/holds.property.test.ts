import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideApply } from '../../functions/domain/decide-apply.ts';
import { decideRelease } from '../../functions/domain/decide-release.ts';
import type { GroupRecord } from '../../functions/domain/group-record.ts';
import { pauseScalingEffect } from '../../functions/domain/hold-effects.ts';
import type { PlannedCall } from '../../functions/domain/incident.ts';
import { checkProperty } from '../check-property.ts';
import { aGroup, anIncident, aRecord, later } from './group-fixtures.ts';

const processes = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
] as const;

type Step =
  | { kind: 'apply' | 'release'; incident: 'a' | 'b'; crash: 'none' | 'before-call' | 'after-call' }
  | { kind: 'person-suspends' | 'person-resumes'; process: (typeof processes)[number] };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('apply' as const, 'release' as const),
      incident: fc.constantFrom('a' as const, 'b' as const),
      crash: fc.constantFrom('none' as const, 'none' as const, 'before-call' as const, 'after-call' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('person-suspends' as const, 'person-resumes' as const),
      process: fc.constantFrom(...processes),
    }),
  },
);

const incidents = {
  a: anIncident({ incidentId: 'a' }),
  b: anIncident({
    incidentId: 'b',
    settings: { ...anIncident().settings, effect: pauseScalingEffect('all') },
  }),
};

/** One group in a world in which every function may crash between record and call, or between call and record. */
const createWorld = (suspendedBefore: string[]) => {
  let seconds = 0;
  let record: GroupRecord = aRecord();
  const suspended = new Set<string>(suspendedBefore);
  const group = () => aGroup({ suspendedProcesses: [...suspended] });
  const make = ({ operation, input }: PlannedCall): void => {
    const named = (input.ScalingProcesses ?? []) as string[];
    if (operation === 'SuspendProcesses') for (const process of named) suspended.add(process);
    if (operation === 'ResumeProcesses') for (const process of named) suspended.delete(process);
  };
  const turn = (
    kind: 'apply' | 'release',
    incident: 'a' | 'b',
    crash: 'none' | 'before-call' | 'after-call',
  ) => {
    // Further apart than any lease or any delay of AWS: what is seen is what is.
    seconds += 1000;
    const decision =
      kind === 'apply'
        ? decideApply(incidents[incident], group(), record, 'me', later(seconds))
        : decideRelease(group(), record, incident, 180, 'me', later(seconds));
    if (decision.action !== 'WRITE') return decision.action;
    record = decision.before;
    if (crash === 'before-call') return decision.action;
    for (const call of decision.calls) make(call);
    if (crash === 'after-call') return decision.action;
    record = decision.after;
    return decision.action;
  };
  return {
    suspended,
    turn,
    record: () => record,
  };
};

describe('decideApply and decideRelease together', () => {
  it('leave a group as people left it, whatever overlaps, crashes or is overridden', () => {
    checkProperty(
      fc.property(fc.subarray([...processes]), fc.array(step, { maxLength: 14 }), (before, steps) => {
        const world = createWorld(before);
        const released = new Set<string>();
        const touched = new Set<string>();
        for (const next of steps) {
          if ('process' in next) {
            touched.add(next.process);
            if (next.kind === 'person-suspends') world.suspended.add(next.process);
            else world.suspended.delete(next.process);
            continue;
          }
          // An incident that ends does not begin again: its execution has a name that counts once.
          if (next.kind === 'apply' && released.has(next.incident)) continue;
          if (next.kind === 'release') released.add(next.incident);
          world.turn(next.kind, next.incident, next.crash);
        }
        for (const incident of ['a', 'b'] as const) {
          let turns = 0;
          while (world.turn('release', incident, 'none') !== 'DONE') {
            turns += 1;
            expect(turns).toBeLessThan(8);
          }
        }
        expect(world.record().holds).toEqual([]);
        expect(world.record().imposed).toEqual([]);
        // What no person touched meanwhile is as it was; what one did touch, nobody but a person can judge.
        for (const process of processes) {
          if (!touched.has(process))
            expect([process, world.suspended.has(process)]).toEqual([process, before.includes(process)]);
        }
      }),
      { file: 'test/domain/holds.property.test.ts', runs: 2000, seed: 20210104 },
    );
  });

  it('keep everything suspended that any hold still claims', () => {
    checkProperty(
      fc.property(fc.constantFrom('a' as const, 'b' as const), (first) => {
        const second = first === 'a' ? 'b' : 'a';
        const world = createWorld([]);
        world.turn('apply', 'a', 'none');
        world.turn('apply', 'b', 'none');
        while (world.turn('release', first, 'none') !== 'DONE') {
          expect(world.suspended.has('Terminate')).toBe(true);
          expect(world.suspended.has('HealthCheck')).toBe(true);
        }
        expect(world.suspended.has('Launch')).toBe(second === 'b');
        for (let turns = 0; world.turn('release', second, 'none') !== 'DONE'; turns += 1) {
          expect(turns).toBeLessThan(8);
        }
        expect([...world.suspended]).toEqual([]);
      }),
      { file: 'test/domain/holds.property.test.ts', runs: 10 },
    );
  });
});
