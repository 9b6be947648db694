import { describe, expect, it } from 'vitest';
import type { GroupRecord } from '../../../functions/domain/holds/group-record.ts';
import {
  fewStillFailing,
  type GroupLaunches,
  groupLaunches,
  sumUpLaunches,
} from '../../../functions/domain/launches/decide-launches.ts';
import { aGroup, aHoldOnTerminate, aRecord, later, now } from '../holds/group-fixtures.ts';
import { aLaunchRecord, aWaitingGroup } from './launch-fixtures.ts';

const heldWith = (launched: { instanceId: string; seenAt: string }[]): GroupRecord => {
  const { holds } = aHoldOnTerminate('incident-a');
  return aRecord({ holds: holds.map((hold) => ({ ...hold, heldAt: later(-5) })), launched });
};
const launched = (...ids: string[]) => ids.map((instanceId) => ({ instanceId, seenAt: now }));

describe('groupLaunches', () => {
  it.each([
    ['three came and more are missing', ['i-1', 'i-2', 'i-3'], { desiredCapacity: 9 }, {}, 'SUCCEEDING'],
    ['two came and more are missing', ['i-1', 'i-2'], { desiredCapacity: 9 }, {}, 'WAITING'],
    ['one came and nothing is missing', ['i-1'], {}, {}, 'SUCCEEDING'],
    ['none came and nothing is missing', [], {}, {}, 'QUIET'],
    ['one came and is gone again', ['i-99'], {}, {}, 'QUIET'],
    [
      'they came before the last failed launch began',
      ['i-1', 'i-2', 'i-3'],
      {},
      { lastFailedLaunchAt: now },
      'UNPROVEN',
    ],
    ['the last one failed and nothing is missing', [], {}, { lastFailedLaunchAt: later(-600) }, 'UNPROVEN'],
    [
      'one succeeded since it failed',
      [],
      {},
      { lastFailedLaunchAt: later(-600), lastSuccessAt: later(-60) },
      'QUIET',
    ],
    ['it failed long before the hold', [], {}, { lastFailedLaunchAt: later(-7200) }, 'QUIET'],
    ['they came after it', ['i-1', 'i-2', 'i-3'], {}, { lastFailedLaunchAt: later(-1) }, 'SUCCEEDING'],
  ] as const)('when %s', (_what, ids, group, record, expected) => {
    expect(
      groupLaunches('incident-a', aGroup(group), heldWith(launched(...ids)), aLaunchRecord(record), 3, now),
    ).toBe(expected);
  });

  it('waits while the breaker is not closed, and while instances are on their way', () => {
    const breaker = {
      state: 'OPEN',
      openedAt: now,
      stateAt: now,
      delaySeconds: 1,
      probeAt: now,
      probes: 0,
      reason: 'r',
      isTold: true,
    } as const;
    const record = heldWith(launched('i-1', 'i-2'));
    expect(groupLaunches('incident-a', aGroup(), record, aLaunchRecord({ breaker }), 1, now)).toBe('FAILING');
    // It should have probed a day ago.
    expect(groupLaunches('incident-a', aGroup(), record, aLaunchRecord({ breaker }), 1, later(86_401))).toBe(
      'SUCCEEDING',
    );
    const onTheWay = aWaitingGroup(['i-9'], { desiredCapacity: 2 });
    expect(groupLaunches('incident-a', onTheWay, record, aLaunchRecord(), 3, now)).toBe('WAITING');
    const failed = aLaunchRecord({ lastFailedLaunchAt: later(-60) });
    expect(groupLaunches('incident-a', onTheWay, heldWith([]), failed, 3, now)).toBe('FAILING');
  });

  it('does not wait for what AWS itself stopped launching', () => {
    const short = { desiredCapacity: 9, suspendedProcesses: ['Launch'] };
    const stateOf = (over: object) =>
      groupLaunches('incident-a', aGroup({ ...short, ...over }), heldWith([]), aLaunchRecord(), 3, now);
    expect(stateOf({})).toBe('WAITING');
    expect(stateOf({ suspendedByAws: ['Launch'] })).toBe('UNPROVEN');
  });

  it('counts only what came after its own hold began: an older hold saw the others come', () => {
    const record = heldWith([
      { instanceId: 'i-1', seenAt: later(-5) },
      { instanceId: 'i-2', seenAt: later(-6) },
    ]);
    expect(groupLaunches('incident-a', aGroup(), record, aLaunchRecord(), 1, now)).toBe('QUIET');
  });
});

describe('fewStillFailing', () => {
  const named = (...launches: GroupLaunches[]) =>
    launches.map((each, index) => ({
      autoScalingGroupName: `g${String(index).padStart(2, '0')}`,
      launches: each,
    }));
  const many = (count: number, launches: GroupLaunches) => Array<GroupLaunches>(count).fill(launches);

  it.each<[what: string, groups: GroupLaunches[], expected: string[] | undefined]>([
    [
      'names those in which launches do not succeed',
      ['SUCCEEDING', 'FAILING', 'QUIET', 'WAITING'],
      ['g01', 'g03'],
    ],
    ['counts the last launch that failed', ['SUCCEEDING', 'UNPROVEN'], ['g01']],
    ['says nothing where all succeed', ['SUCCEEDING', 'QUIET'], undefined],
    ['says nothing where none succeed', ['QUIET', 'QUIET', 'FAILING'], undefined],
    ['says nothing where fewer than half do', ['SUCCEEDING', 'FAILING', 'FAILING'], undefined],
    [
      'names ten',
      [...many(10, 'SUCCEEDING'), ...many(10, 'FAILING')],
      Array.from({ length: 10 }, (_, n) => `g${10 + n}`),
    ],
    ['and not eleven', [...many(20, 'SUCCEEDING'), ...many(11, 'FAILING')], undefined],
  ])('%s', (_what, groups, expected) => {
    expect(fewStillFailing(named(...groups))).toEqual(expected);
  });
});

describe('sumUpLaunches', () => {
  it.each([
    [['SUCCEEDING', 'QUIET'], true, 0],
    [['SUCCEEDING', 'WAITING', 'WAITING'], false, 2],
    [['QUIET', 'QUIET'], false, 0],
    [[], false, 0],
  ] as const)('of %j says that launches succeed again: %s', (groups, succeedAgain, waitingGroups) => {
    expect(sumUpLaunches([...groups])).toEqual({ succeedAgain, waitingGroups });
  });

  it('counts the groups whose last launch failed', () => {
    expect(sumUpLaunches(['QUIET', 'UNPROVEN', 'WAITING', 'FAILING'])).toEqual({
      succeedAgain: false,
      waitingGroups: 2,
      unprovenGroups: 2,
    });
    // One that succeeds says nothing of another whose last launch failed.
    expect(sumUpLaunches(['SUCCEEDING', 'UNPROVEN'])).toMatchObject({ succeedAgain: false });
  });
});
