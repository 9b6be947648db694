import { describe, expect, it } from 'vitest';
import { type Evidence, groupByLikeness, tellingLine } from '../../../functions/domain/launches/evidence.ts';
import { now } from '../holds/group-fixtures.ts';

describe('tellingLine', () => {
  it.each([
    ['a\nE: Failed to fetch x\nretrying\n', 'E: Failed to fetch x'],
    ['starting\r\nlistening\r\n', 'listening'],
    ['an error\nanother error\n', 'another error'],
    ['  listening  \n   \n\n', 'listening'],
    ['x'.repeat(400), 'x'.repeat(300)],
    ['', undefined],
    [undefined, undefined],
  ])('of %j is %j', (text, expected) => {
    expect(tellingLine(text)).toBe(expected);
  });

  it.each([
    'an ERROR here',
    'it failed',
    'fatal',
    'timed out',
    'timeout',
    'time out',
    'refused',
    'unreachable',
    'permission denied',
    'no such file',
    'cannot write',
    'could not write',
    'unable to write',
  ])('finds "%s" before what came after it', (line) => {
    expect(tellingLine(`${line}\nand on`)).toBe(line);
  });
});

const evidence = (instanceId: string, consoleOutput?: string, over: Partial<Evidence> = {}): Evidence => ({
  instanceId,
  autoScalingGroupName: 'web',
  takenAt: now,
  waitingSince: now,
  waitingSinceFrom: 'lifecycle event',
  launchHooks: [],
  ...(consoleOutput === undefined ? {} : { consoleOutput }),
  snapshotIds: [],
  problems: [],
  ...over,
});
const from = (imageId: string): Pick<Evidence, 'instance'> => ({
  instance: {
    instanceType: 'm7i.large',
    imageId,
    availabilityZone: 'us-east-1a',
    subnetId: 'subnet-1',
    launchTime: now,
    tags: {},
  },
});

describe('groupByLikeness', () => {
  it('tells like failures as one, the most frequent first', () => {
    expect(
      groupByLikeness([
        evidence('i-0a2', 'disk full: cannot write'),
        evidence('i-0a1', 'E: timed out after 31 s'),
        evidence('i-0a3', 'E: timed out after 407 s'),
      ]),
    ).toEqual([
      '2 instances (i-0a1, i-0a3): E: timed out after 31 s',
      '1 instance (i-0a2): disk full: cannot write',
    ]);
  });

  it.each([
    ['instances', 'error on i-0ab12', 'error on i-0cd'],
    [
      'requests',
      'error in 01234567-89ab-cdef-0123-456789abcdef',
      'error in f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f',
    ],
    ['hosts', 'error on ip-10-0-0-1', 'error on ip-10-20'],
    ['numbers', 'error after 31.5 s', 'error after 407 s'],
    ['versions', 'error in 1.2.3', 'error in 4'],
    ['more than one of them', 'error: i-0a to ip-1-2 at 3', 'error: i-1b to ip-4-5 at 678'],
  ])('takes lines that differ by %s for like', (_what, one, other) => {
    expect(groupByLikeness([evidence('i-1', one), evidence('i-2', other)])).toEqual([
      `2 instances (i-1, i-2): ${one}`,
    ]);
  });

  it('takes lines that differ by a word for two', () => {
    expect(groupByLikeness([evidence('i-1', 'error here'), evidence('i-2', 'error there')])).toHaveLength(2);
  });

  it('names three instances, and says that there are more', () => {
    const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
    const of = (some: string[]) => groupByLikeness(some.map((id) => evidence(id, 'error')));
    expect(of(ids.slice(0, 3))).toEqual(['3 instances (i-1, i-2, i-3): error']);
    expect(of(ids)).toEqual(['4 instances (i-1, i-2, i-3, …): error']);
  });

  it('names each image once', () => {
    expect(
      groupByLikeness([
        evidence('i-1', 'error', from('ami-1')),
        evidence('i-2', 'error', from('ami-1')),
        evidence('i-3', 'error', from('ami-2')),
      ]),
    ).toEqual(['3 instances from ami-1, ami-2 (i-1, i-2, i-3): error']);
  });

  it('has what AWS says of the launch where there is no console, and says where there is neither', () => {
    const activity = { activityId: 'a', cause: '', statusCode: 'Failed', statusMessage: 'Out of capacity' };
    expect(groupByLikeness([evidence('i-1', undefined, { activity }), evidence('i-2')])).toEqual([
      '1 instance (i-1): Out of capacity',
      '1 instance (i-2): nothing was written to its console',
    ]);
  });
});
