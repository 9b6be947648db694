import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../functions/domain/errors.ts';
import { pauseScalingEffect } from '../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../functions/domain/holds/protect-instances.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';
import { parseSignal } from '../../functions/events/signal.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));

describe('parseSignal', () => {
  describe('of an event of elsewhere', () => {
    const home = { accountId: '123456789012', region: 'us-east-1' };
    it.each([
      [
        'another account',
        { account: '999999999999' },
        /from account 999999999999 in us-east-1; this is account/,
      ],
      ['another Region', { region: 'eu-west-1' }, /from account 123456789012 in eu-west-1; this is account/],
    ])('ignores by name one of %s', (_what, over, reason) => {
      for (const name of ['alarm-metric', 'launch-unsuccessful', 'launch-lifecycle-action']) {
        const event = { ...fixture(name), region: 'us-east-1', ...over };
        expect(parseSignal(event, home)).toEqual({ kind: 'ignored', reason: expect.stringMatching(reason) });
      }
      expect(parseSignal(fixture('alarm-metric'), home)).toMatchObject({ kind: 'alarm' });
    });
  });

  it.each(['launch-unsuccessful', 'launch-lifecycle-action'])(
    'ignores %s of a launch into a warm pool, and takes one out of it',
    (name) => {
      const event = fixture(name);
      const into = (Origin: string, Destination: string) => ({
        ...event,
        detail: { ...event.detail, Origin, Destination },
      });
      expect(parseSignal(into('EC2', 'WarmPool'))).toEqual({
        kind: 'ignored',
        reason: expect.stringContaining('into the WarmPool, not into the group'),
      });
      expect(parseSignal(into('WarmPool', 'AutoScalingGroup')).kind).not.toBe('ignored');
    },
  );

  it.each(['constructor', 'toString', '__proto__', 'x'.repeat(300_000)])(
    'says of a detail-type that nobody knows only what it is called',
    (detailType) => {
      const signal = parseSignal({ ...fixture('alarm-metric'), 'detail-type': detailType });
      if (signal.kind !== 'ignored') throw new Error(signal.kind);
      expect(signal.reason).toMatch(/not an event Holdfast knows$/);
      expect(signal.reason.length).toBeLessThan(300);
    },
  );

  it.each(['1', '2026-02-31T03:00:00Z', '2026-03-02T03:00:00', '2026-03-02', '2026-13-02T03:00:00Z'])(
    'does not take %s for a time',
    (timestamp) => {
      const event = fixture('alarm-metric');
      event.detail.state.timestamp = timestamp;
      expect(() => parseSignal(event)).toThrow(/state\.timestamp: found .*an ISO 8601 time with its zone/);
    },
  );

  it.each(['2026-03-02T03:00:00Z', '2026-03-02T03:00:00.123+0000', '2024-02-29T04:00:00+01:00'])(
    'takes %s for one',
    (timestamp) => {
      const event = fixture('alarm-metric');
      event.detail.state.timestamp = timestamp;
      expect(parseSignal(event)).toMatchObject({ alarm: { since: new Date(timestamp).toISOString() } });
    },
  );

  it('answers a value of any length in a few lines', () => {
    const event = fixture('alarm-metric');
    event.detail.state.value = 'x'.repeat(300_000);
    const message = (): string => {
      try {
        return JSON.stringify(parseSignal(event));
      } catch (error) {
        return String(error);
      }
    };
    expect(message()).toContain('(300000 characters)');
    expect(message().length).toBeLessThan(1000);
  });

  it('reads a metric alarm', () => {
    expect(parseSignal(fixture('alarm-metric'))).toEqual({
      kind: 'alarm',
      alarm: {
        alarmName: 'ServerCpuTooHigh',
        alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh',
        value: 'ALARM',
        since: '2019-10-02T17:04:40.989Z',
      },
    });
  });

  it('reads an alarm on metric math, whose previous state has no reasonData', () => {
    expect(parseSignal(fixture('alarm-metric-math'))).toMatchObject({
      kind: 'alarm',
      alarm: { alarmName: 'TotalNetworkTrafficTooHigh', value: 'ALARM', since: '2019-10-02T17:20:48.554Z' },
    });
  });

  it('reads a composite alarm, which has no metrics, and that its actions are suppressed', () => {
    expect(parseSignal(fixture('alarm-composite-suppressed'))).toMatchObject({
      kind: 'alarm',
      alarm: {
        alarmName: 'ServiceAggregatedAlarm',
        suppressedBecause: "the alarm's actions are suppressed by WaitPeriod",
      },
    });
  });

  it.each(['state', 'detail'])('sees a mute in the %s', (place) => {
    const event = fixture('alarm-metric');
    const holder = place === 'state' ? event.detail.state : event.detail;
    holder.muteDetail = { mutedByArn: 'arn:mute' };
    expect(parseSignal(event)).toMatchObject({
      alarm: { suppressedBecause: 'the alarm is muted by arn:mute' },
    });
  });

  it('reads when an instance began to wait in a launch hook', () => {
    expect(parseSignal(fixture('launch-lifecycle-action'))).toEqual({
      kind: 'launch-wait',
      autoScalingGroupName: 'my-asg',
      wait: {
        instanceId: 'i-1234567890abcdef0',
        since: '2026-03-02T03:00:00.000Z',
        from: 'lifecycle event',
      },
    });
  });

  it.each([
    ['AutoScalingGroup', 'launch-wait'],
    ['WarmPool', 'ignored'],
    [undefined, 'launch-wait'],
  ])('takes a launch with the destination %s for %s', (Destination, kind) => {
    const event = fixture('launch-lifecycle-action');
    event.detail.Destination = Destination;
    expect(parseSignal(event).kind).toBe(kind);
  });

  it('reads a failed launch by its activity, with or without an instance', () => {
    const event = fixture('launch-unsuccessful');
    const expected = {
      kind: 'launch-failure',
      autoScalingGroupName: 'my-auto-scaling-group',
      failure: {
        activityId: '87654321-4321-4321-4321-210987654321',
        startedAt: '1970-01-01T00:00:00.000Z',
        at: '1970-01-01T00:00:00.000Z',
      },
    };
    expect(parseSignal(event)).toEqual(expected);
    event.detail.EC2InstanceId = '';
    expect(parseSignal(event)).toEqual(expected);
  });

  it.each([
    ['as a notification sends it', { Event: 'autoscaling:TEST_NOTIFICATION', AutoScalingGroupName: 'a' }],
    [
      'in the detail of an event',
      { ...fixture('launch-lifecycle-action'), detail: { Event: 'autoscaling:TEST_NOTIFICATION' } },
    ],
  ])('ignores autoscaling:TEST_NOTIFICATION by name, %s', (_how, event) => {
    expect(parseSignal(event)).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('autoscaling:TEST_NOTIFICATION'),
    });
  });

  it.each([
    ['launch-unsuccessful', 'ActivityId'],
    ['launch-unsuccessful', 'AutoScalingGroupName'],
    ['launch-lifecycle-action', 'EC2InstanceId'],
    ['launch-lifecycle-action', 'LifecycleActionToken'],
  ])('refuses %s without %s, and names the field', (name, field) => {
    const event = fixture(name);
    delete event.detail[field];
    expect(() => parseSignal(event)).toThrow(`detail.${field}: found nothing`);
  });

  it.each([
    ['CloudWatch Alarm Contributor State Change', 'aws.cloudwatch', 'one time series'],
    ['CloudWatch Alarm Configuration Change', 'aws.cloudwatch', 'somebody edited an alarm'],
    ['EC2 Instance Launch Successful', 'aws.autoscaling', 'seen by looking at their group'],
    ['EC2 Instance-terminate Lifecycle Action', 'aws.autoscaling', 'an instance that ends'],
    ['EC2 Auto Scaling Instance Refresh Started', 'aws.autoscaling', 'not an event Holdfast knows'],
    ['CloudWatch Alarm State Change', 'custom.app', 'not an event Holdfast knows'],
  ])('ignores %s from %s by name', (detailType, source, reason) => {
    const signal = parseSignal({ ...fixture('alarm-metric'), 'detail-type': detailType, source });
    expect(signal).toMatchObject({ kind: 'ignored', reason: expect.stringContaining(reason) });
  });

  it.each([
    ['no event at all', 'hello', 'This is not an EventBridge event'],
    [
      'no alarm name',
      { ...fixture('alarm-metric'), detail: { state: fixture('alarm-metric').detail.state } },
      'detail.alarmName: found nothing',
    ],
    [
      'a time nobody can read',
      {
        ...fixture('alarm-metric'),
        detail: { alarmName: 'a', state: { value: 'ALARM', timestamp: 'soon' } },
      },
      'detail.state.timestamp: found "soon"; allowed: an ISO 8601 time',
    ],
  ])('refuses %s and names the field', (_what, event, message) => {
    expect(() => parseSignal(event)).toThrow(message);
  });
});

describe('parseHoldInput, of whatever comes', () => {
  it.each([[[]], ['web'], [3], [null], [true], [undefined]])(
    'names the mistake of %j, and shows what is right',
    (input) => {
      for (const remediation of ['pause-scaling', 'drain-pending-wait', 'resize-in-place'] as const) {
        expect(() => parseHoldInput(remediation, input)).toThrow(
          /the value itself: found .*; allowed: an object[\s\S]*A correct input by hand: \{/,
        );
      }
    },
  );

  it.each(['web\ud800', 'web\u0000', 'web\n'])('refuses a name that nobody can write down', (name) => {
    expect(() => parseHoldInput('pause-scaling', { autoScalingGroupName: name, reason: 'test' })).toThrow(
      /autoScalingGroupName/,
    );
  });
});

describe('parseHoldInput, for a resize', () => {
  const input = { autoScalingGroupName: 'api', instanceTypes: 'm7i.xlarge', reason: 'promotion' };

  it('fills in what is safe', () => {
    expect(parseHoldInput('resize-in-place', input)).toMatchObject({
      trigger: 'manual',
      targets: { autoScalingGroupNames: ['api'] },
      settings: { effect: { keepsLaunch: true }, expiresAfterSeconds: 14_400, groupsMax: 5 },
      resize: {
        instanceTypes: ['m7i.xlarge'],
        waveSize: 1,
        reserveCapacity: true,
        snapshot: false,
        updateLaunchTemplate: false,
        allowDowntime: false,
        allowInstanceStoreLoss: false,
      },
    });
  });

  it.each([
    [
      { instanceTypes: 'larger', floor: 3 },
      { instanceTypes: 'larger', floor: { instances: 3 } },
    ],
    [
      { instanceTypes: ['m7i.xlarge', 'm6i.xlarge'], floor: '75%' },
      { instanceTypes: ['m7i.xlarge', 'm6i.xlarge'], floor: { percent: 75 } },
    ],
  ])('takes %j', (over, expected) => {
    expect(parseHoldInput('resize-in-place', { ...input, ...over })).toMatchObject({ resize: expected });
  });

  it('takes what the sweep asks for', () => {
    const incidentOf = (remediation: string): string =>
      `arn:aws:states:us-east-1:123456789012:execution:holdfast-prod-${remediation}:loss-1`;
    const ofResize = incidentOf('resize-in-place');
    expect(parseHoldInput('resize-in-place', { bringHome: ofResize })).toEqual({
      trigger: 'sweep',
      incidentId: ofResize,
    });
    const ofPause = incidentOf('pause-scaling');
    expect(parseHoldInput('pause-scaling', { giveBack: ofPause })).toEqual({
      trigger: 'sweep',
      incidentId: ofPause,
    });
    for (const giveBack of [ofResize, incidentOf('protect-instances'), 'x'.repeat(2000), 'loss-1', 3]) {
      expect(() => parseHoldInput('pause-scaling', { giveBack })).toThrow(InvalidInputError);
    }
  });

  it.each([
    [{ instanceTypes: 'big' }, /instanceTypes: found "big"; allowed: an instance type such as "m7i.xlarge"/],
    [{ instanceTypes: [] }, /instanceTypes: found \[\]/],
    [{ waveSize: 0 }, /waveSize: found 0; allowed: at least 1/],
    [{ waveSize: 21 }, /waveSize: found 21; allowed: at most 20/],
    [{ floor: '120%' }, /floor: found "120%"; allowed: a number of instances, or a percentage/],
    [{ floor: -1 }, /floor: found -1/],
    [{ expiresAfter: '13h' }, /expiresAfter: found "13h"; allowed: from 10m to 12h/],
    [{ reserveCapacity: 'yes' }, /reserveCapacity: found "yes"; allowed: true or false, without quotes/],
    [{ waves: 2 }, /found the unknown field waves; allowed: one of .*waveSize/],
    [{ autoScalingGroupName: undefined }, /either autoScalingGroupName or tags/],
    [{ reason: '' }, /reason: found ""/],
  ])('refuses %j, names the field, and shows a correct input', (over, message) => {
    const parse = () => parseHoldInput('resize-in-place', { ...input, ...over });
    expect(parse).toThrow(message);
    expect(parse).toThrow(/A correct input by hand: .*"instanceTypes"/);
  });
});

describe('parseHoldInput', () => {
  it('reads what a rule starts', () => {
    const alarm = { alarmName: 'a', alarmArn: 'arn', stateTimestamp: '2026-03-02T03:00:00.000Z' };
    expect(parseHoldInput('pause-scaling', { rule: 'loss', alarm })).toEqual({
      trigger: 'rule',
      rule: 'loss',
      signal: { alarm },
      dryRun: false,
    });
  });

  it('reads the short input of a person', () => {
    expect(
      parseHoldInput('pause-scaling', {
        autoScalingGroupName: 'web',
        reason: 'switch upgrade',
        expiresAfter: '2h',
      }),
    ).toMatchObject({
      trigger: 'manual',
      targets: { autoScalingGroupNames: ['web'] },
      reason: 'switch upgrade',
      dryRun: false,
      settings: { effect: pauseScalingEffect('scale-in'), expiresAfterSeconds: 7200 },
    });
  });

  it('reads groups by tag', () => {
    expect(
      parseHoldInput('pause-scaling', { tags: { tier: 'web' }, reason: 'switch upgrade' }),
    ).toMatchObject({
      targets: { tags: { tier: 'web' } },
    });
  });

  it.each([
    ['nothing', {}, 'reason: found nothing'],
    [
      'names and tags',
      { autoScalingGroupName: 'a', tags: { a: 'b' }, reason: 'why' },
      'either autoScalingGroupName or tags, and not both',
    ],
    [
      'a misspelt field',
      { autoScalingGroupName: 'a', reason: 'why', expires: '2h' },
      'found the unknown field expires; allowed: one of autoScalingGroupName, tags, reason',
    ],
    ['no tag at all', { tags: {}, reason: 'why' }, 'tags: found {}; allowed: at least one tag and its value'],
    ['a list', [], 'A correct input by hand'],
    [
      'a rule without its alarm',
      { rule: 'loss' },
      'alarm: found nothing; allowed: exactly one of alarm, launchFailures, failingGroups, stillFailing, stuckInstance, breaker and byHand',
    ],
  ])('refuses %s, and shows a correct input', (_what, input, message) => {
    expect(() => parseHoldInput('pause-scaling', input)).toThrow(message);
    expect(() => parseHoldInput('pause-scaling', input)).toThrow(
      '{"autoScalingGroupName":"web","reason":"switch upgrade","expiresAfter":"2h"}',
    );
  });

  it('reads what launches start', () => {
    const stuckInstance = {
      autoScalingGroupName: 'api',
      instanceId: 'i-1',
      since: '2026-03-02T03:00:00.000Z',
    };
    expect(parseHoldInput('drain-pending-wait', { rule: 'stuck', stuckInstance })).toEqual({
      trigger: 'rule',
      rule: 'stuck',
      signal: { stuckInstance },
      dryRun: false,
    });
  });

  it('reads the inputs of the other remediations, each with its own fields', () => {
    expect(
      parseHoldInput('protect-instances', {
        autoScalingGroupName: 'api',
        reason: 'repository down',
        until: 'launches-succeed',
      }),
    ).toMatchObject({ untilLaunchesSucceed: true, settings: { effect: protectInstancesEffect } });
    expect(
      parseHoldInput('drain-pending-wait', {
        autoScalingGroupName: 'api',
        reason: 'hangs',
        olderThan: '20m',
      }),
    ).toMatchObject({ drain: { olderThanSeconds: 1200, atOnce: 5, breakerAfter: 3, snapshot: false } });
  });

  it.each([
    ['pause-scaling', { olderThan: '20m' }, 'found the unknown field olderThan'],
    ['protect-instances', { block: 'all' }, 'found the unknown field block'],
    [
      'protect-instances',
      { until: 'never' },
      'until: found "never"; allowed: "expiry" or "launches-succeed"',
    ],
    ['drain-pending-wait', { atOnce: 21 }, 'atOnce: found 21; allowed: at most 20'],
    ['drain-pending-wait', { probeAfter: '2h' }, 'probeAtMost: found nothing; allowed: at least probeAfter'],
  ] as const)('of %s refuses %j', (remediation, fields, message) => {
    const input = { autoScalingGroupName: 'api', reason: 'because', ...fields };
    expect(() => parseHoldInput(remediation, input)).toThrow(message);
  });
});
