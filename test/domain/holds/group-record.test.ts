import { describe, expect, it } from 'vitest';
import {
  acceptedAt,
  afterFailure,
  afterLease,
  type GroupRecord,
  type Imposed,
  imposedSince,
  isGivenBackUnseen,
  isLeased,
  mayBeInForceUnseen,
  secondsUntilSeen,
} from '../../../functions/domain/holds/group-record.ts';
import { inForceWithinSeconds } from '../../../functions/domain/limits.ts';
import { aHoldOnTerminate, aRecord, later, now } from './group-fixtures.ts';

const asked = (over: Partial<Imposed> = {}): Imposed => ({
  setting: 'Terminate',
  recordedAt: later(-30),
  ...over,
});
const within = inForceWithinSeconds;

describe('a lease', () => {
  const lease = { owner: 'me', expiresAt: later(60) };
  it('holds until it has run out', () => {
    expect(isLeased(aRecord(), now)).toBe(false);
    expect(isLeased(aRecord({ lease }), later(59))).toBe(true);
    expect(isLeased(aRecord({ lease }), later(60))).toBe(false);
  });

  it('that has run out leaves open what its holder did until then', () => {
    const imposed = [
      asked(),
      asked({ setting: 'Launch', appliedAt: now }),
      asked({ setting: 'HealthCheck', appliedAt: now, givingBackAt: now }),
      asked({ setting: 'AZRebalance', appliedAt: now, givingBackAt: now, givenBackAt: now }),
      asked({ setting: 'AlarmNotification', refusedAt: now }),
    ];
    const [terminate, launch, healthCheck, rebalance, alarms] = imposed;
    const record = aRecord({ lease, imposed });
    expect(afterLease(record, later(59))).toBe(record);
    expect(afterLease(aRecord({ imposed }), later(61)).imposed).toBe(imposed);
    expect(afterLease(record, later(600)).imposed).toEqual([
      { ...terminate, recordedAt: later(60) },
      launch,
      { ...healthCheck, givingBackAt: later(60) },
      rebalance,
      alarms,
    ]);
  });
});

describe('imposedSince', () => {
  it('tells when AWS accepted a setting that is not being given back', () => {
    const record = aRecord({ imposed: [asked({ appliedAt: later(-20) })] });
    expect(imposedSince(record, 'Terminate')).toBe(later(-20));
    expect(imposedSince(record, 'Launch')).toBeUndefined();
    expect(imposedSince(aRecord({ imposed: [asked()] }), 'Terminate')).toBeUndefined();
    const going = asked({ appliedAt: later(-20), givingBackAt: now });
    expect(imposedSince(aRecord({ imposed: [going] }), 'Terminate')).toBeUndefined();
  });
});

describe('mayBeInForceUnseen', () => {
  it.each<[what: string, imposed: Imposed, at: string, expected: boolean]>([
    ['asked for just now', asked({ recordedAt: now }), later(within - 1), true],
    ['asked for long ago', asked({ recordedAt: now }), later(within), false],
    ['accepted just now', asked({ recordedAt: later(-999), appliedAt: now }), later(within - 1), true],
    ['given back', asked({ recordedAt: now, appliedAt: now, givenBackAt: now }), later(1), false],
    ['refused', asked({ recordedAt: now, refusedAt: now }), later(1), false],
  ])('of one %s', (_what, imposed, at, expected) => {
    expect(mayBeInForceUnseen(imposed, at)).toBe(expected);
  });
});

describe('isGivenBackUnseen', () => {
  it.each<[what: string, imposed: Imposed, at: string, expected: boolean]>([
    ['that is not given back', asked({ appliedAt: now }), later(1), false],
    ['that is being given back', asked({ givingBackAt: now }), later(within - 1), true],
    ['that was to be given back long ago', asked({ givingBackAt: now }), later(within), false],
    [
      'given back after it was asked for',
      asked({ givingBackAt: later(-999), givenBackAt: now }),
      later(1),
      true,
    ],
    ['given back long ago', asked({ givingBackAt: now, givenBackAt: later(5) }), later(within + 5), false],
  ])('of one %s', (_what, imposed, at, expected) => {
    expect(isGivenBackUnseen(imposed, at)).toBe(expected);
  });
});

describe('secondsUntilSeen', () => {
  it.each<[what: string, imposed: Imposed, at: string, expected: number]>([
    ['accepted', asked({ recordedAt: later(-999), appliedAt: now }), later(20), within - 20],
    ['asked for and not accepted', asked({ recordedAt: now }), later(20), within - 20],
    ['being given back', asked({ appliedAt: later(-999), givingBackAt: now }), later(20), within - 20],
    [
      'given back',
      asked({ appliedAt: later(-999), givingBackAt: later(-99), givenBackAt: now }),
      later(20),
      within - 20,
    ],
    [
      'accepted after it was given back',
      asked({ appliedAt: now, givenBackAt: later(-50) }),
      later(20),
      within - 20,
    ],
    ['of long ago', asked({ appliedAt: now }), later(within + 1), 0],
    ['of a part of a second', asked({ appliedAt: now }), later(within - 0.5), 1],
  ])('of one %s', (_what, imposed, at, expected) => {
    expect(secondsUntilSeen(imposed, at)).toBe(expected);
  });
});

describe('afterFailure', () => {
  const lease = { owner: 'me', expiresAt: later(60) };
  const failed = (imposed: Imposed, refused?: string[]) =>
    afterFailure(
      aRecord({ lease, imposed: [imposed] }),
      now,
      later(9),
      refused === undefined ? undefined : new Set(refused),
    );

  it.each<[what: string, imposed: Imposed, refused: string[], change: Partial<Imposed>]>([
    ['asked for then', asked({ recordedAt: now }), [], { recordedAt: later(9) }],
    ['refused', asked({ recordedAt: now }), ['Terminate'], { refusedAt: later(9) }],
    ['of which another was refused', asked({ recordedAt: now }), ['Launch'], { recordedAt: later(9) }],
    ['accepted before it was refused', asked({ recordedAt: now, appliedAt: now }), ['Terminate'], {}],
    [
      'that was to be given back then',
      asked({ appliedAt: later(-20), givingBackAt: now }),
      [],
      { givingBackAt: later(9) },
    ],
    ['asked for earlier', asked(), ['Terminate'], {}],
    ['that was to be given back earlier', asked({ givingBackAt: later(-20) }), [], {}],
  ])('of one %s', (_what, imposed, refused, change) => {
    expect(failed(imposed, refused).imposed).toEqual([{ ...imposed, ...change }]);
  });

  it('ends the lease, and refuses nothing where AWS said nothing', () => {
    const record = failed(asked({ recordedAt: now }));
    expect(record).not.toHaveProperty('lease');
    expect(record.imposed).toEqual([asked({ recordedAt: later(9) })]);
  });
});

describe('acceptedAt', () => {
  it('moves what was decided at one time to when AWS accepted it, and nothing else', () => {
    const [hold] = aHoldOnTerminate('a').holds;
    if (hold === undefined) throw new Error('There is no hold');
    const record: GroupRecord = aRecord({
      holds: [hold, { ...hold, incidentId: 'b', stageAt: later(-50) }],
      imposed: [
        asked({ appliedAt: now }),
        asked({ setting: 'Launch', appliedAt: later(-40) }),
        asked({ setting: 'HealthCheck', appliedAt: later(-40), givenBackAt: now }),
        asked({ setting: 'AZRebalance' }),
      ],
    });
    const moved = acceptedAt(record, now, later(7));
    expect(moved.imposed).toEqual([
      asked({ appliedAt: later(7) }),
      asked({ setting: 'Launch', appliedAt: later(-40) }),
      asked({ setting: 'HealthCheck', appliedAt: later(-40), givenBackAt: later(7) }),
      asked({ setting: 'AZRebalance' }),
    ]);
    expect(moved.imposed[3]).not.toHaveProperty('appliedAt');
    expect(moved.imposed[0]).not.toHaveProperty('givenBackAt');
    expect(moved.holds.map(({ stageAt }) => stageAt)).toEqual([later(7), later(-50)]);
  });
});
