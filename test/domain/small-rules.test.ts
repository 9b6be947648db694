import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { parseArn } from '../../functions/domain/arn.ts';
import {
  canChangeProtection,
  hasTags,
  inService,
  isOptedIn,
  launching,
  markedUnhealthy,
  waitingInLaunchHook,
} from '../../functions/domain/auto-scaling-group.ts';
import { bounded } from '../../functions/domain/bounded.ts';
import { chunk, chunkBySize } from '../../functions/domain/chunk.ts';
import { duration, optionalDuration } from '../../functions/domain/duration.ts';
import {
  DryRunError,
  IncidentClosedError,
  InvalidInputError,
  InvalidPolicyError,
  StaleRecordError,
  UnknownModeError,
  UnreadableFactError,
} from '../../functions/domain/errors.ts';
import { count, expiryFits, flag, holdChecks, toHoldSettings } from '../../functions/domain/fields.ts';
import { pauseScalingEffect } from '../../functions/domain/holds/pause-scaling.ts';
import { holdDefaults } from '../../functions/domain/holds/settings.ts';
import { mostSucceedSinceOf, yieldsTo } from '../../functions/domain/incident.ts';
import { roundsMax } from '../../functions/domain/limits.ts';
import { lowestMode, parseMode } from '../../functions/domain/mode.ts';
import { isOfSameAlarm, type Request, toIncident } from '../../functions/domain/request.ts';
import { snapshotCall } from '../../functions/domain/snapshot-call.ts';
import {
  addSeconds,
  counted,
  firstOf,
  fromUnixMilliseconds,
  fromUnixSeconds,
  hoursBetween,
  parseTime,
  secondsBetween,
  spokenClock,
  spokenDuration,
  spokenTime,
  toDate,
  unixMilliseconds,
  unixSeconds,
} from '../../functions/domain/times.ts';
import { aGroup, anIncident, anInstance, defaultHoldSettings, later, now } from './holds/group-fixtures.ts';

describe('parseArn', () => {
  it('takes an ARN apart, and leaves empty what it lacks', () => {
    expect(parseArn('arn:aws-cn:states:cn-north-1:123456789012:execution:machine:name')).toEqual({
      partition: 'aws-cn',
      region: 'cn-north-1',
      accountId: '123456789012',
      resource: ['execution', 'machine', 'name'],
    });
    expect(parseArn('no-arn')).toEqual({ partition: '', region: '', accountId: '', resource: [] });
  });
});

describe('what is asked of a group', () => {
  it('whether it opted in, word for word', () => {
    expect(isOptedIn({ tags: { holdfast: 'true' } })).toBe(true);
    expect(isOptedIn({ tags: { holdfast: 'True' } })).toBe(false);
    expect(isOptedIn({ tags: { Holdfast: 'true' } })).toBe(false);
    expect(isOptedIn({ tags: {} })).toBe(false);
  });

  it('whether it has all of some tags', () => {
    const group = { tags: { tier: 'web', stage: 'prod' } };
    expect(hasTags(group, { tier: 'web' })).toBe(true);
    expect(hasTags(group, { tier: 'web', stage: 'prod' })).toBe(true);
    expect(hasTags(group, { tier: 'web', stage: 'dev' })).toBe(false);
    expect(hasTags(group, {})).toBe(true);
  });

  it('who is in service, on the way there, in a hook, and marked', () => {
    const states = [
      'InService',
      'Pending',
      'Pending:Wait',
      'Pending:Proceed',
      'Warmed:Pending',
      'Warmed:Pending:Wait',
      'Standby',
      'EnteringStandby',
      'Terminating',
    ];
    const group = aGroup({
      instances: [
        ...states.map((lifecycleState) => anInstance(lifecycleState, { lifecycleState })),
        anInstance('marked', { healthStatus: 'UNHEALTHY' }),
        anInstance('marked and leaving', { healthStatus: 'Unhealthy', lifecycleState: 'Terminating' }),
      ],
    });
    const ids = (some: { instanceId: string }[]) => some.map(({ instanceId }) => instanceId);
    expect(ids(inService(group))).toEqual(['InService', 'marked']);
    expect(ids(launching(group))).toEqual(['Pending', 'Pending:Wait', 'Pending:Proceed']);
    expect(ids(waitingInLaunchHook(group))).toEqual(['Pending:Wait']);
    expect(ids(markedUnhealthy(group))).toEqual(['marked']);
    expect(ids(group.instances.filter(canChangeProtection))).toEqual([
      'InService',
      'Standby',
      'EnteringStandby',
      'marked',
    ]);
  });
});

describe('bounded', () => {
  it('leaves alone what is short, and says how long the rest was', () => {
    expect(bounded('x'.repeat(100))).toBe('x'.repeat(100));
    expect(bounded('x'.repeat(101))).toBe(`${'x'.repeat(100)}… (101 characters)`);
    expect(bounded('abcdef', 3)).toBe('abc… (6 characters)');
  });

  it('is one line, and well formed', () => {
    expect(bounded('a\n\n b\tc')).toBe('a b c');
    expect(bounded('a\ud800b')).toBe('a\ufffdb');
    expect(bounded('aa\u{1f600}', 3)).toBe('aa\u{1f600}'.slice(0, 3).concat('… (4 characters)'));
  });
});

describe('chunk', () => {
  it('cuts in order', () => {
    expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunk([1, 2], 2)).toEqual([[1, 2]]);
    expect(chunk([], 2)).toEqual([]);
  });

  it('by size fills each piece, and leaves alone what is larger', () => {
    // As JSON these are 3, 3, 3, 12 and 3 characters.
    const items = ['a', 'b', 'c', 'x'.repeat(10), 'd'];
    expect(chunkBySize(items, 6)).toEqual([['a', 'b'], ['c'], ['x'.repeat(10)], ['d']]);
    expect(chunkBySize(items, 5)).toEqual(items.map((item) => [item]));
    expect(chunkBySize([], 6)).toEqual([]);
  });
});

describe('duration', () => {
  const parse = (text: unknown) => {
    const result = duration(60, 2 * 86_400).safeParse(text);
    return result.success ? result.data : result.error.issues[0]?.message;
  };

  it.each([
    ['60s', 60],
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['2d', 172_800],
    ['59s', 'from 1m to 48h'],
    ['172801s', 'from 1m to 48h'],
    ['90', 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"'],
    ['1h30m', 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"'],
    ['x90s', 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"'],
    ['1234567s', 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"'],
    [90, 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"'],
  ])('%s: %s', (text, expected) => expect(parse(text)).toBe(expected));

  it('is written in the largest unit that fits', () => {
    const allowed = (min: number, max: number) =>
      duration(min, max).safeParse('0s').error?.issues[0]?.message;
    expect(allowed(61, 90)).toBe('from 61s to 90s');
    expect(allowed(120, 3600)).toBe('from 2m to 1h');
  });

  it('may be left out, and says what it is for', () => {
    const field = optionalDuration(60, 3600, 600, 'How long.');
    expect(z.strictObject({ field }).parse({})).toEqual({ field: 600 });
    expect(z.globalRegistry.get(field)?.description).toBe('How long.');
  });
});

describe('errors', () => {
  it('carry the names that state machines match', () => {
    const names = [
      new InvalidInputError(''),
      new InvalidPolicyError(''),
      new DryRunError(''),
      new UnreadableFactError(''),
      new UnknownModeError('', ''),
      new StaleRecordError(''),
      new IncidentClosedError(''),
    ].map(({ name }) => name);
    expect(names).toEqual([
      'InvalidInputError',
      'InvalidPolicyError',
      'DryRunError',
      'UnreadableFactError',
      'UnreadableFactError',
      'StaleRecordError',
      'IncidentClosedError',
    ]);
  });

  it('say which word the kill switch holds, cut', () => {
    const error = new UnknownModeError('/holdfast/prod/mode', 'x'.repeat(200));
    expect(error.message).toBe(
      `The kill switch /holdfast/prod/mode says "${'x'.repeat(100)}… (200 characters)", which is none of live, dry-run and off, so nothing is started`,
    );
    expect([error.parameterName, error.word]).toEqual([
      '/holdfast/prod/mode',
      `${'x'.repeat(100)}… (200 characters)`,
    ]);
  });
});

describe('fields', () => {
  it('are counted from one to a most, and are yes or no', () => {
    const fields = z.strictObject({ count: count(5, 3, 'How many.'), flag: flag(true, 'Whether.') });
    expect(fields.parse({})).toEqual({ count: 3, flag: true });
    expect(fields.parse({ count: 5, flag: false })).toEqual({ count: 5, flag: false });
    for (const wrong of [0, 6, 1.5, '3']) expect(fields.safeParse({ count: wrong }).success).toBe(false);
    expect(fields.safeParse({ flag: 'yes' }).success).toBe(false);
    expect(z.globalRegistry.get(fields.shape.count)?.description).toBe('How many.');
    expect(z.globalRegistry.get(fields.shape.flag)?.description).toBe('Whether.');
  });

  const lengths = z.object({ holdAtMost: z.number(), checkEvery: z.number(), expiresAfter: z.number() });
  const issueOf = (checks: ReturnType<typeof holdChecks>, value: object) => {
    const issue = lengths.check(...checks).safeParse(value).error?.issues[0];
    return issue && [issue.path, issue.message];
  };

  it('let a hold make no more rounds than one execution can', () => {
    const fits = { holdAtMost: roundsMax * 60, checkEvery: 60, expiresAfter: 60 };
    expect(issueOf(holdChecks(), fits)).toBeUndefined();
    expect(issueOf(holdChecks(), { ...fits, holdAtMost: roundsMax * 60 + 1 })).toEqual([
      ['checkEvery'],
      `holdAtMost divided by checkEvery must be at most ${roundsMax} rounds, the most one execution can make: lengthen checkEvery or shorten holdAtMost`,
    ]);
  });

  it('let no expiry be later than the longest a hold may last', () => {
    const fits = { holdAtMost: 600, checkEvery: 60, expiresAfter: 600 };
    const late = [
      ['expiresAfter'],
      'at most holdAtMost; set both, where nothing is said they are 2h and 12h',
    ];
    expect(issueOf([expiryFits()], fits)).toBeUndefined();
    expect(issueOf([expiryFits()], { ...fits, expiresAfter: 601 })).toEqual(late);
    expect(issueOf(holdChecks(), { ...fits, expiresAfter: 601 })).toEqual(late);
  });

  it('become settings, in seconds, with what a remediation does not ask for at its least', () => {
    const effect = pauseScalingEffect('all');
    const fields = { expiresAfter: 600, holdAtMost: 1200, checkEvery: 60, groupsMax: 7 };
    expect(toHoldSettings(effect, fields)).toEqual({
      effect,
      coolOffSeconds: 0,
      expiresAfterSeconds: 600,
      holdAtMostSeconds: 1200,
      checkEverySeconds: 60,
      settleSeconds: 0,
      groupsMax: 7,
      launchesToRelease: holdDefaults.launchesToRelease,
    });
    expect(toHoldSettings(effect, { ...fields, coolOff: 1, settle: 2, launchesToRelease: 9 })).toMatchObject({
      coolOffSeconds: 1,
      settleSeconds: 2,
      launchesToRelease: 9,
    });
  });
});

describe('an incident', () => {
  it('that groups share counts from when most succeed, unless that ended later', () => {
    const since = (mostSucceedSince?: string, mostSucceedUntil?: string) =>
      mostSucceedSinceOf(
        anIncident({
          ...(mostSucceedSince === undefined ? {} : { mostSucceedSince }),
          ...(mostSucceedUntil === undefined ? {} : { mostSucceedUntil }),
        }),
      );
    expect(since()).toBeUndefined();
    expect(since(now)).toBe(now);
    expect(since(later(60), now)).toBe(later(60));
    expect(since(now, now)).toBeUndefined();
    expect(since(now, later(60))).toBeUndefined();
  });

  it('yields to an older one of its remediation that holds', () => {
    const other = anIncident({ incidentId: 'incident-b', startedAt: later(60) });
    expect(yieldsTo(other, anIncident())).toBe(true);
    expect(yieldsTo(anIncident(), other)).toBe(false);
    expect(yieldsTo(other, anIncident({ status: 'RELEASING' }))).toBe(false);
    expect(yieldsTo(other, anIncident({ remediation: 'protect-instances' }))).toBe(false);
    // Of the same moment the one with the smaller name goes on.
    expect(yieldsTo(anIncident({ incidentId: 'incident-b' }), anIncident())).toBe(true);
    expect(yieldsTo(anIncident(), anIncident())).toBe(false);
  });
});

describe('a mode', () => {
  it('is the most cautious of several', () => {
    expect(lowestMode()).toBe('live');
    expect(lowestMode('live', 'dry-run')).toBe('dry-run');
    expect(lowestMode('off', 'live', 'dry-run')).toBe('off');
    expect(lowestMode('dry-run', 'off')).toBe('off');
  });

  it.each([
    [' "OFF" ', 'off'],
    ["'dry-run'\n", 'dry-run'],
    ['Live', 'live'],
    ['disabled', undefined],
    ['toString', undefined],
    ['dry run', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is read as %s', (text, mode) => expect(parseMode(text)).toBe(mode));
});

describe('a request', () => {
  const request: Request = {
    remediation: 'pause-scaling',
    untilLaunchesSucceed: false,
    reason: 'why',
    names: ['web'],
    tags: undefined,
    settings: defaultHoldSettings,
    dryRun: false,
  };
  const alarm = { alarmName: 'loss', alarmArn: 'arn:loss', stateTimestamp: now };

  it('opens an incident that says no more than it was asked', () => {
    expect(toIncident(request, 'arn:execution', 'live', now)).toEqual({
      incidentId: 'arn:execution',
      remediation: 'pause-scaling',
      reason: 'why',
      mode: 'live',
      settings: defaultHoldSettings,
      startedAt: now,
      expiresAt: later(defaultHoldSettings.expiresAfterSeconds),
      status: 'HELD',
    });
  });

  it('opens an incident that says all that it was asked', () => {
    const all: Request = {
      ...request,
      rule: 'packet-loss',
      alarm,
      untilLaunchesSucceed: true,
      ofFailingGroups: true,
      tags: { tier: 'web' },
    };
    expect(toIncident(all, 'arn:execution', 'live', now)).toMatchObject({
      rule: 'packet-loss',
      alarm,
      untilLaunchesSucceed: true,
      isShared: true,
      targetTags: { tier: 'web' },
    });
  });

  it('is the same affair as an incident of its alarm and its rule', () => {
    const ofAlarm = { ...request, rule: 'packet-loss', alarm };
    expect(isOfSameAlarm(anIncident(), ofAlarm)).toBe(true);
    expect(isOfSameAlarm(anIncident(), { ...ofAlarm, rule: 'other' })).toBe(false);
    expect(isOfSameAlarm(anIncident(), { ...ofAlarm, alarm: { ...alarm, alarmArn: 'arn:other' } })).toBe(
      false,
    );
    const { alarm: _alarm, ...withoutAlarm } = anIncident();
    expect(isOfSameAlarm(withoutAlarm, ofAlarm)).toBe(false);
    expect(isOfSameAlarm(withoutAlarm, { ...request, rule: 'packet-loss' })).toBe(false);
  });
});

describe('snapshotCall', () => {
  it('asks for every volume, and says of what and before what', () => {
    expect(snapshotCall('web', 'i-1', 'it was stopped', 'why')).toEqual({
      service: 'EC2',
      operation: 'CreateSnapshots',
      input: {
        InstanceSpecification: { InstanceId: 'i-1' },
        Description: 'Holdfast: i-1 of web, before it was stopped',
      },
      reason: 'why',
    });
  });
});

describe('times', () => {
  it('are seconds and milliseconds since 1970, and back', () => {
    expect(unixSeconds('1970-01-01T00:01:00.900Z')).toBe(60);
    expect(unixMilliseconds('1970-01-01T00:01:00.900Z')).toBe(60_900);
    expect(unixMilliseconds('soon')).toBeUndefined();
    expect(fromUnixMilliseconds(60_900)).toBe('1970-01-01T00:01:00.900Z');
    expect(fromUnixSeconds(60)).toBe('1970-01-01T00:01:00.000Z');
    expect(toDate(now).toISOString()).toBe(now);
    expect(addSeconds(now, -1.5)).toBe('2026-03-02T02:59:58.500Z');
    expect(secondsBetween(now, later(90))).toBe(90);
    expect(secondsBetween(later(90), now)).toBe(-90);
  });

  it.each([
    ['2026-03-02T03:00:00.000+0000', '2026-03-02T03:00:00.000Z'],
    ['2026-03-02T03:00:00+01:30', '2026-03-02T01:30:00.000Z'],
    ['2026-03-02T03:00Z', '2026-03-02T03:00:00.000Z'],
    ['2024-02-29T03:00:00Z', '2024-02-29T03:00:00.000Z'],
    ['2026-02-29T03:00:00Z', undefined],
    ['2026-02-31T03:00:00Z', undefined],
    ['2026-13-01T03:00:00Z', undefined],
    ['2026-00-01T03:00:00Z', undefined],
    ['2026-03-00T03:00:00Z', undefined],
    ['2026-03-02T25:00:00Z', undefined],
    ['2026-03-02T03:00:00', undefined],
    ['2026-03-02', undefined],
    ['x2026-03-02T03:00:00Z', undefined],
    ['2026-03-02T03:00:00Zx', undefined],
  ])('%s names %s', (text, time) => expect(parseTime(text)).toBe(time));

  it('lie in hours, the first and the last included', () => {
    expect(hoursBetween('2026-01-04T22:59:00.000Z', '2026-01-05T01:00:00.000Z')).toEqual([
      '2026-01-04T22',
      '2026-01-04T23',
      '2026-01-05T00',
      '2026-01-05T01',
    ]);
    expect(hoursBetween(now, now)).toEqual(['2026-03-02T03']);
    expect(hoursBetween(later(3600), now)).toEqual([]);
  });

  it('are spoken to the minute', () => {
    expect(spokenTime(later(61))).toBe('2026-03-02 03:01 UTC');
    expect(spokenClock(later(61))).toBe('03:01 UTC');
  });

  it.each([
    [-5, '0 s'],
    [1.4, '1 s'],
    [119, '119 s'],
    [119.6, '2 min'],
    [120, '2 min'],
    [150, '3 min'],
    [119 * 60, '119 min'],
    [120 * 60, '2 h'],
    [121 * 60, '2 h 1 min'],
    [180 * 60, '3 h'],
  ])('%s seconds are %s', (seconds, spoken) => expect(spokenDuration(seconds)).toBe(spoken));

  it('and numbers, and names, are said as people say them', () => {
    expect([counted(1, 'group'), counted(2, 'group'), counted(0, 'launch', 'launches')]).toEqual([
      '1 group',
      '2 groups',
      '0 launches',
    ]);
    const names = Array.from({ length: 21 }, (_, n) => `g${n}`);
    expect(firstOf(names.slice(0, 20))).toBe(names.slice(0, 20).join(', '));
    expect(firstOf(names)).toBe(`${names.slice(0, 20).join(', ')} and 1 more`);
    expect(firstOf(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  });
});
