import { describe, expect, it } from 'vitest';
import { killSwitchParameter, type Quirks } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { CapacityShortage, Deed } from '../../rehearsal/incident.ts';
import { seededRandom } from '../../rehearsal/virtual-time.ts';
import { seedsOf, withReplay } from '../seeds.ts';
import {
  isOver,
  leftBehind,
  nothingLeft,
  rehearseResize,
  resizeIncident,
  startResize,
} from './resize-incident.ts';
import { minutes } from './small-incident.ts';

const types = ['m7i.large', 'm7i.xlarge', 'm6i.xlarge'];

/** A world that goes wrong in every way, from a seed: sizes, floor, shortages, stuck stops, starts that never work, and people. */
const storyOf = (seed: number) => {
  const random = seededRandom(seed + 100);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const instances = 3 + upTo(3);
  const waveSize = 1 + upTo(2);
  const floor = Math.max(1, instances - 1 - upTo(3));
  const shortages = Array.from({ length: upTo(4) }, (): CapacityShortage => {
    const fromSeconds = upTo(minutes(60));
    return {
      instanceTypes: types.filter(() => random() < 0.6),
      ...(random() < 0.5 ? {} : { availabilityZones: ['us-east-1a'] }),
      fromSeconds,
      untilSeconds: fromSeconds + upTo(minutes(80)),
    };
  });
  const deeds: Deed[] = [
    startResize({
      instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
      waveSize,
      floor,
      reserveCapacity: random() < 0.6,
      expiresAfter: random() < 0.2 ? '10m' : '2h',
    }),
  ];
  if (random() < 0.25) {
    deeds.push({
      atSeconds: 90 + upTo(minutes(30)),
      text: 'somebody stops the execution',
      act: ({ stepFunctions }) => {
        for (const arn of stepFunctions.executions.keys()) stepFunctions.stopExecution(arn);
      },
    });
  }
  if (random() < 0.15) {
    deeds.push({
      atSeconds: 90 + upTo(minutes(30)),
      text: 'somebody turns the kill switch',
      act: ({ parameters }) => parameters.set(killSwitchParameter, 'off'),
    });
  }
  const quirks: Partial<Quirks> = {
    ec2TimeFactor: 0.3 + 0.7 * random(),
    stuckStopRate: random() < 0.5 ? 0 : 0.2,
    impairedStartRate: random() < 0.5 ? 0 : 0.2,
    deafStartRate: random() < 0.5 ? 0 : 0.2,
    serverErrorRate: random() < 0.5 ? 0 : 0.02,
    hangRate: random() < 0.8 ? 0 : 0.004,
    ec2StaleSeconds: random() < 0.5 ? 0 : Math.round(60 * random()),
  };
  const spec = {
    healthCheckType: random() < 0.7 ? ('ELB' as const) : ('EC2' as const),
    minSize: random() < 0.5 ? 1 : instances,
    maxSize: instances + upTo(3),
    desiredCapacity: instances,
  };
  return { deeds, shortages, quirks, spec, floor: Math.min(floor, instances) };
};

/** Rehearses the world of a seed, and looks whether everything is as promised. */
const expectAllIsWell = async (seed: number): Promise<void> => {
  const { deeds, shortages, quirks, spec, floor } = storyOf(seed);
  const run = await rehearseResize(
    resizeIncident(deeds, { capacityShortages: shortages, durationSeconds: minutes(200) }, spec),
    { seed, quirks, endsWhen: isOver },
  );
  // What EC2 itself ends is below the floor by nobody's doing.
  const endedByEc2 = run.group.endedByEc2At.length;
  expect(run.fewestHealthy.web).toBeGreaterThanOrEqual(floor - endedByEc2);
  const { notInService, desiredCapacity, ...left } = leftBehind(run, spec);
  const { notInService: _none, desiredCapacity: _same, ...nothing } = nothingLeft;
  expect(left).toEqual(nothing);
  const named = run.journal.filter((line) => line.startsWith('left: ')).join('\n');
  for (const each of notInService) expect(named).toContain(each.split(' ')[0]);
  expect(desiredCapacity).toBeGreaterThanOrEqual(-notInService.length);
  // The same machines as before; what is left in Standby may make AWS balance the zones afterwards.
  if (named === '') {
    expect(run.group.terminations.filter(({ wasGood }) => wasGood)).toEqual([]);
    expect(run.group.instances).toHaveLength(spec.desiredCapacity);
  }
};

describe('resize-in-place, whatever goes wrong', () => {
  it.each(seedsOf({ slice: 12, all: 200, known: [32, 161, 169, 190, 198] }))(
    'keeps the floor, and leaves nothing without saying so (seed %i)',
    (seed) => withReplay('test/rehearsal/resizing-floor.test.ts', seed, () => expectAllIsWell(seed)),
  );
});
