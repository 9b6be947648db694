import { describe, expect, it } from 'vitest';
import type { GroupRecord } from '../../functions/domain/holds/group-record.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { groupArnOf, type SimulatedGroup } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { RecordedCall } from '../../rehearsal/cloud/wire.ts';
import type { Deed } from '../../rehearsal/incident.ts';
import { checkMessage } from '../../rehearsal/told.ts';
import { aRecord } from '../domain/holds/group-fixtures.ts';
import { calm, groupOf } from './launch-incident.ts';
import {
  deed,
  lossBeginsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from './small-incident.ts';

const at = '2026-03-02T04:00:00.000Z';
const execution = 'arn:aws:states:us-east-1:123456789012:execution:holdfast-prod-pause-scaling:loss-1';
const group = {
  name: 'web',
  groupNumber: 1,
  tags: { holdfast: 'true' },
  suspended: new Map([['Terminate', 'User suspended at 2026-03-02T03:00:00Z']]),
  resumedAt: new Map<string, number>(),
  launchTemplate: { launchTemplateId: 'lt-1', versions: ['m7i.large', 'm7i.xlarge'], defaultVersion: 1 },
} as unknown as SimulatedGroup;
const record: GroupRecord = {
  ...aRecord(),
  autoScalingGroupName: 'web',
  autoScalingGroupArn: groupArnOf(group),
  holds: [
    {
      incidentId: execution,
      processes: ['Terminate', 'HealthCheck'],
      protectsInstances: false,
      reason: 'switch upgrade',
      heldAt: at,
      stage: 'HELD',
      stageAt: at,
    },
  ],
  imposed: ['Terminate', 'HealthCheck'].map((setting) => ({
    setting,
    recordedAt: '2026-03-02T03:00:00.000Z',
    appliedAt: '2026-03-02T03:00:00.000Z',
  })),
};
const suspension: RecordedCall = {
  at: '2026-03-02T03:00:00.400Z',
  functionName: 'applyHold',
  service: 'AutoScaling',
  operation: 'SuspendProcesses',
  input: { AutoScalingGroupName: 'web', ScalingProcesses: ['Terminate'] },
  outcome: 'ok',
  mutating: true,
} as unknown as RecordedCall;

const check = (
  context: Record<string, string>,
  { text = '', records = [record] }: { text?: string; records?: GroupRecord[] } = {},
): string[] =>
  checkMessage(
    {
      seconds: 0,
      kind: context.kind ?? '',
      subject: '',
      text,
      chat: JSON.stringify({
        metadata: {
          relatedResources: [execution],
          additionalContext: { kind: 'acted', remediation: 'pause-scaling', ...context },
        },
      }),
    },
    {
      groups: new Map([['web', group]]),
      records,
      resizes: [],
      calls: [suspension],
      releasing: new Map([['leaving', '2026-03-02T03:50:00.000Z']]),
      at,
    },
  );

describe('checkMessage', () => {
  it.each<[string, Record<string, string>, string, { text?: string; records?: GroupRecord[] }?]>([
    [
      'nothing holds a group',
      { kind: 'overridden', heldBy: '{"web":[]}' },
      'nothing holds web, and Holdfast suspended Terminate in it',
    ],
    [
      'a group is held',
      { kind: 'overridden', heldBy: '{"web":["loss-1"]}' },
      'web is held, and HealthCheck run in it',
    ],
    [
      'a launch template launches what it does not launch any more',
      {},
      'web still launches m7i.large, and it launches m7i.xlarge',
      {
        text: 'the launch template lt-1 (version $Latest) still launches m7i.large, for each replacement',
      },
    ],
    ['it is over', { kind: 'gave-back' }, 'it is over, and web is held'],
    [
      'a group is held for this incident',
      { heldBy: '{"web":["loss-2"]}' },
      'web is held by loss-1, and it is not',
      { records: [] },
    ],
    ['a group is not held', { kind: 'failed', notHeld: '["web"]' }, 'web is not held, and it is'],
    [
      'more groups are held than are',
      {},
      '3 groups are held, and 1 are',
      { text: '  Holdfast holds 3 groups: web, a, b. It is so.' },
    ],
    [
      'everything was given back, and not everything',
      { kind: 'needs-a-person' },
      'given back, and that something could not be',
      { text: 'Holdfast held 1 group and gave it back.\n  web could not be given back', records: [] },
    ],
    [
      'a hold has ended since',
      {},
      'the hold of web has ended, and it goes on',
      { text: 'Scale-in paused, ended since: web' },
    ],
    [
      'a hold goes on that is being given back',
      { kind: 'overridden' },
      'leaving holds on, and it gives back since',
      { text: '  pause-scaling, until 2026-03-02 05:00 UTC at the latest: web (execution leaving)' },
    ],
    [
      'what nobody resumes is to be suspended',
      { kind: 'gave-back' },
      'a command that suspends what nobody resumes',
      {
        text: '  Suspend: aws autoscaling suspend-processes --region eu-west-1 --auto-scaling-group-name web',
        records: [],
      },
    ],
    [
      'a process of a group that opted out is suspended still, and it runs',
      { kind: 'needs-a-person' },
      'HealthCheck is suspended still in web, and it runs',
      {
        text: '  web: the group no longer carries the tag holdfast=true, so Holdfast may not change it. Still suspended or protected: HealthCheck, Terminate, i-1',
      },
    ],
    [
      'of a command',
      {},
      'a command without its Region: Start it: aws ec2 start-instances --instance-ids i-1',
      { text: '  Start it: aws ec2 start-instances --instance-ids i-1' },
    ],
  ])('finds what is not so when people are told that %s', (_what, context, found, world) => {
    expect(check(context, world)).toEqual([expect.stringContaining(found)]);
  });

  it('finds nothing in what is so', () => {
    expect(check({ kind: 'gave-back' }, { records: [] })).toEqual([]);
    expect(check({ kind: 'failed', notHeld: '["web"]' }, { records: [] })).toEqual([]);
    const well = { ...record, overridden: [{ setting: 'HealthCheck', seenAt: at }] };
    expect(check({ heldBy: '{"web":["loss-1"]}' }, { records: [well] })).toEqual([]);
    // What is being given back need not be in force.
    expect(check({ kind: 'overridden', heldBy: '{"web":["leaving"]}' })).toEqual([]);
    // What could not be looked up is as it was.
    const unknown = 'This could not be looked up, and what is said above may have changed since.';
    expect(check({}, { text: `  Holdfast holds 3 groups: web, a, b. It is so.\n  ${unknown}` })).toEqual([]);
    expect(check({ kind: 'failed', notHeld: '["web"]' }, { text: unknown })).toEqual([]);
  });
});

/** A person starts a hold. */
const byHand = (atSeconds: number, input: object, remediation?: Remediation, name = 'by-hand'): Deed =>
  deed(atSeconds, (cloud) => startByHand(cloud, name, { reason: 'switch upgrade', ...input }, remediation));

describe('what people are told', () => {
  it('of every group that was asked for, in the first message', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web'), { ...smallGroup('legacy'), tags: {} }],
        deeds: [byHand(60, { autoScalingGroupName: ['web', 'wbe', 'legacy'], expiresAfter: '30m' })],
        durationSeconds: minutes(60),
      }),
    );
    const [first] = result.messages;
    expect(first?.subject).toBe(
      '[Holdfast rehearsal] Scale-in paused in 1 of 3 groups: web (123456789012, us-east-1)',
    );
    expect(first?.text).toContain('Holdfast holds 1 of 3 groups: web.');
    expect(first?.text).toContain('legacy: left alone: the group does not carry the tag holdfast=true');
    expect(first?.text).toContain('wbe: left alone: there is no Auto Scaling group of this name');
    expect(result.violations).toEqual([]);
  });

  it('in the end: nothing of a tag that was missing for a while', async () => {
    const setTag = (value?: string) => (cloud: SimulatedCloud) => {
      const group = cloud.autoScaling.groups.get('web-a');
      if (value === undefined) delete group?.tags.holdfast;
      else if (group !== undefined) group.tags.holdfast = value;
    };
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          byHand(60, { autoScalingGroupName: 'web-a', expiresAfter: '20m' }, 'protect-instances'),
          deed(300, setTag()),
          deed(2400, setTag('true')),
        ],
        durationSeconds: minutes(120),
      }),
      { quirks: calm },
    );
    const over = result.messages.at(-1);
    expect(over?.kind).toBe('gave-back');
    expect(over?.text).toContain('No hold of this stage: web-a');
    expect(over?.text).not.toMatch(/may not change it|could not be given back|create-or-update-tags/);
  });

  it('in the end: what somebody undid on the way, and no command to suspend it again', async () => {
    const resume = (at: number, process: string) =>
      deed(at, ({ autoScaling }) => {
        autoScaling.handle('ResumeProcesses', { AutoScalingGroupName: 'web-a', ScalingProcesses: [process] });
      });
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          byHand(60, { autoScalingGroupName: ['web-a', 'wbe'], expiresAfter: '30m' }),
          resume(600, 'Terminate'),
          resume(1200, 'ReplaceUnhealthy'),
        ],
        durationSeconds: minutes(120),
      }),
      { quirks: calm },
    );
    const over = result.messages.find(({ kind }) => kind === 'gave-back');
    expect(over?.subject).toContain('Hold ended: web-a (');
    expect(over?.text).toContain('Holdfast held 1 of 2 groups and gave it back.');
    expect(over?.text).toContain('resumed the process Terminate');
    expect(over?.text).toContain('resumed the process ReplaceUnhealthy');
    expect(over?.text).not.toContain('suspend-processes');
  });

  it('late, where the topic is silent: nothing to do about a group that could be given back after all', async () => {
    const tag = (minute: number, value?: string): Deed =>
      deed(minutes(minute), (cloud) => {
        const { tags } = groupOf(cloud, 'web-a');
        if (value === undefined) delete tags.holdfast;
        else tags.holdfast = value;
      });
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [byHand(60, { autoScalingGroupName: 'web-a', expiresAfter: '15m' }), tag(10), tag(30, 'true')],
        serviceOutages: [
          { service: 'SNS', error: 'InternalError', fromSeconds: 30, untilSeconds: minutes(60) },
        ],
        durationSeconds: minutes(120),
      }),
      { quirks: calm },
    );
    const late = result.messages.filter(({ text }) => text.includes('Still suspended or protected'));
    expect(late.map(({ subject }) => subject).join('\n')).toContain(
      'Could not be given back at first: web-a',
    );
    expect(result.messages.filter(({ kind }) => kind === 'needs-a-person')).toEqual([]);
    expect(result.violations.filter((text) => text.includes('people are '))).toEqual([]);
  });

  it('late, where the topic is silent: that the hold has ended since', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [byHand(60, { autoScalingGroupName: 'web-a', expiresAfter: '15m' })],
        serviceOutages: [
          { service: 'SNS', error: 'InternalError', fromSeconds: 30, untilSeconds: minutes(40) },
        ],
        durationSeconds: minutes(90),
      }),
      { quirks: calm },
    );
    const [late] = result.messages.filter(({ kind }) => kind === 'acted');
    expect(late?.subject).toContain('Scale-in paused, ended since: web-a');
    expect(late?.text).not.toContain('stop-execution');
    expect(result.violations.filter((text) => text.includes('people are '))).toEqual([]);
  });

  it('when one of two holds ends: that the other one goes on, and until when', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          byHand(
            lossBeginsAt - 120,
            { autoScalingGroupName: 'web-a', expiresAfter: '2h' },
            undefined,
            'switch-upgrade',
          ),
        ],
        durationSeconds: minutes(180),
      }),
      { quirks: calm },
    );
    const [over] = result.messages.filter(({ kind }) => kind === 'gave-back');
    expect(over?.text).toContain('Holdfast held 2 groups, and gave back 1 of them.');
    expect(over?.text).toContain(
      'In 1 group there was nothing to give back: other holds need it still, or others had set it before.',
    );
    expect(over?.text).toMatch(
      /pause-scaling, until 2021-01-04 \d\d:\d\d UTC at the latest: web-a \(execution switch-upgrade\)\n {2}No hold of this stage: web-b\n/,
    );
    expect(result.violations).toEqual([]);
  });
});
