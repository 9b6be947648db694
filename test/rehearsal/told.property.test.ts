import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CloudError } from '../../rehearsal/cloud/cloud-error.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { checkAsyncProperty } from '../check-property.ts';
import { minutes, rehearseSmall, smallGroup, smallIncident, startByHand } from './small-incident.ts';

const names = ['web-a', 'web-b', 'api', 'legacy'];
const minute = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

/** What people and tools do to groups, and to Holdfast, while it holds them. */
const deeds = {
  resume: (cloud: SimulatedCloud, name: string) =>
    cloud.autoScaling.handle('ResumeProcesses', {
      AutoScalingGroupName: name,
      ScalingProcesses: ['Terminate', 'AZRebalance'],
    }),
  suspend: (cloud: SimulatedCloud, name: string) =>
    cloud.autoScaling.handle('SuspendProcesses', {
      AutoScalingGroupName: name,
      ScalingProcesses: ['Terminate'],
    }),
  stopAll: (cloud: SimulatedCloud) => {
    for (const [arn, { status }] of cloud.stepFunctions.executions) {
      if (status === 'RUNNING') cloud.stepFunctions.stopExecution(arn);
    }
  },
  optOut: (cloud: SimulatedCloud, name: string) => {
    const group = cloud.autoScaling.groups.get(name);
    if (group !== undefined) delete group.tags.holdfast;
  },
  optIn: (cloud: SimulatedCloud, name: string) => {
    const group = cloud.autoScaling.groups.get(name);
    if (group !== undefined) group.tags.holdfast = 'true';
  },
  switchOff: (cloud: SimulatedCloud) => void cloud.parameters.set(killSwitchParameter, 'off'),
  switchWrong: (cloud: SimulatedCloud) => void cloud.parameters.set(killSwitchParameter, 'disabled'),
  switchOn: (cloud: SimulatedCloud) => void cloud.parameters.set(killSwitchParameter, 'live'),
};

const incident = fc.record({
  seed: fc.nat(1_000_000),
  /** Messages that are sent late are about what has changed since. */
  silence: fc.option(fc.record({ from: minute(40), lasts: minute(40) })),
  loss: fc.option(fc.record({ from: minute(20), lasts: minute(30) })),
  holds: fc.array(
    fc.record({
      at: minute(40),
      remediation: fc.constantFrom('pause-scaling' as const, 'protect-instances' as const),
      groups: fc.subarray([...names, 'wbe'], { minLength: 1 }),
      expiresAfter: fc.integer({ min: 10, max: 40 }),
    }),
    { maxLength: 3 },
  ),
  people: fc.array(
    fc.record({
      at: minute(80),
      deed: fc.constantFrom(...(Object.keys(deeds) as (keyof typeof deeds)[])),
      name: fc.constantFrom(...names),
    }),
    { maxLength: 4 },
  ),
});

type RandomIncident = typeof incident extends fc.Arbitrary<infer Value> ? Value : never;

const unlessRefused = (does: () => unknown): void => {
  try {
    does();
  } catch (error) {
    // What AWS refuses a person is no affair of Holdfast's.
    if (!(error instanceof CloudError)) throw error;
  }
};

const run = async ({ seed, silence, loss, holds, people }: RandomIncident): Promise<void> => {
  const { result } = await rehearseSmall(
    smallIncident({
      groups: names.map((name) => ({
        ...smallGroup(name),
        ...(name === 'legacy' ? { tags: { tier: 'web' } } : {}),
      })),
      losses:
        loss === null
          ? []
          : [
              {
                name: 'loss',
                fromSeconds: minutes(loss.from),
                untilSeconds: minutes(loss.from + loss.lasts),
                fraction: () => 0.2,
              },
            ],
      deeds: [
        ...holds.map(({ at, remediation, groups, expiresAfter }, index) => ({
          atSeconds: minutes(at),
          text: 'a hold by hand',
          act: (cloud: SimulatedCloud) =>
            startByHand(
              cloud,
              `by-hand-${index}`,
              { autoScalingGroupName: groups, reason: 'a change', expiresAfter: `${expiresAfter}m` },
              remediation,
            ),
        })),
        ...people.map(({ at, deed, name }) => ({
          atSeconds: minutes(at),
          text: deed,
          act: (cloud: SimulatedCloud) => unlessRefused(() => deeds[deed](cloud, name)),
        })),
      ],
      ...(silence === null
        ? {}
        : {
            serviceOutages: [
              {
                service: 'SNS',
                error: 'InternalError',
                fromSeconds: minutes(silence.from),
                untilSeconds: minutes(silence.from + silence.lasts),
              },
            ],
          }),
      durationSeconds: minutes(150),
    }),
    { seed, quirks: {} },
  );
  expect(result.violations.filter((violation) => violation.includes('people are '))).toEqual([]);
};

describe('what people are told', () => {
  it('is so at the moment at which it is sent, whatever people and tools do', { timeout: 1_800_000 }, () =>
    checkAsyncProperty(fc.asyncProperty(incident, run), {
      file: 'test/rehearsal/told.property.test.ts',
      runs: 25,
    }),
  );
});
