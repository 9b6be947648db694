import { describe, expect, it } from 'vitest';
import {
  explainOverrides,
  questionsOf,
  type TrailEvent,
  unexplained,
} from '../../../functions/domain/holds/explain-overrides.ts';
import { tellExplanation } from '../../../functions/domain/telling/hold-sentences.ts';
import { parseTrailEvent } from '../../../functions/events/cloudtrail-event.ts';
import { aRecord, later, now } from './group-fixtures.ts';

const seenAt = now;
const overridden = (...settings: string[]) => ({
  ...aRecord(),
  autoScalingGroupName: 'web',
  overridden: settings.map((setting) => ({ setting, seenAt })),
});
const resumed = (over: Partial<TrailEvent> = {}): TrailEvent => ({
  at: later(-120),
  eventName: 'ResumeProcesses',
  who: 'the role deploy',
  tool: 'Terraform',
  autoScalingGroupName: 'web',
  processes: ['Terminate'],
  instanceIds: [],
  ...over,
});

describe('questionsOf', () => {
  it('asks for each operation from half an hour before the first until the last, whatever their order', () => {
    const entries = [
      { setting: 'i-2', seenAt: later(50) },
      { setting: 'Terminate', seenAt: later(300) },
      { setting: 'Launch', seenAt: later(100) },
      { setting: 'AZRebalance', seenAt: later(200) },
      { setting: 'i-1', seenAt: later(20) },
    ];
    const resumes = { eventName: 'ResumeProcesses', from: later(100 - 1800), until: later(300) };
    const protections = { eventName: 'SetInstanceProtection', from: later(20 - 1800), until: later(50) };
    expect(questionsOf(entries)).toEqual([resumes, protections]);
    expect(questionsOf(entries.filter(({ setting }) => setting.startsWith('i-')))).toEqual([protections]);
    expect(questionsOf(entries.filter(({ setting }) => !setting.startsWith('i-')))).toEqual([resumes]);
    expect(questionsOf([])).toEqual([]);
  });
});

describe('explainOverrides', () => {
  it('remembers when it was explained, and writes nothing where nothing was', () => {
    const known = overridden('Terminate', 'Launch');
    const { record } = explainOverrides(known, [resumed()], later(300));
    expect(record).toEqual({
      ...known,
      overridden: [
        { setting: 'Terminate', seenAt, explainedAt: later(300) },
        { setting: 'Launch', seenAt },
      ],
    });
    expect(explainOverrides(known, [], later(300)).record).toBe(known);
  });

  it.each([
    [-1800, 1],
    [-1801, 0],
    [0, 1],
    [1, 0],
  ])('an event %i s from when it was seen explains %i', (seconds, count) => {
    const { explanations } = explainOverrides(
      overridden('Terminate'),
      [resumed({ at: later(seconds) })],
      later(300),
    );
    expect(explanations).toHaveLength(count);
  });

  it.each([
    [-59, 1],
    [-61, 1],
    [-62, 0],
  ])('an event at %i s explains %i of what AWS accepted at -60 s', (seconds, count) => {
    const record = {
      ...overridden('Terminate'),
      overridden: [{ setting: 'Terminate', seenAt, appliedAt: later(-60) }],
    };
    const { explanations } = explainOverrides(record, [resumed({ at: later(seconds) })], later(300));
    expect(explanations).toHaveLength(count);
  });

  it('takes for who took back a protection only who took back protection', () => {
    const event = resumed({
      eventName: 'SetInstanceProtection',
      processes: [],
      instanceIds: ['i-1'],
      protectedFromScaleIn: false,
    });
    const explained = (over: Partial<TrailEvent>) =>
      explainOverrides(overridden('i-1'), [{ ...event, ...over }], later(300)).explanations.length;
    expect(explained({})).toBe(1);
    expect(explained({ eventName: 'ResumeProcesses' })).toBe(0);
    expect(explained({ protectedFromScaleIn: true })).toBe(0);
    expect(explained({ instanceIds: ['i-2'] })).toBe(0);
  });

  it('says who took back what, with what, and remembers that it is known', () => {
    const { explanations, record } = explainOverrides(overridden('Terminate'), [resumed()], later(300));
    expect(explanations.map(tellExplanation)).toEqual([
      'at 2026-03-02 02:58 UTC the role deploy resumed the process Terminate, with Terraform (CloudTrail)',
    ]);
    expect(unexplained(record, later(300))).toEqual([]);
    expect(explainOverrides(record, [resumed()], later(600)).explanations).toEqual([]);
  });

  it('takes the latest event before it was seen, and one that names no process for all of them', () => {
    const { explanations } = explainOverrides(
      overridden('Terminate', 'AZRebalance'),
      [resumed({ at: later(-600), who: 'the user one' }), resumed({ processes: [], who: 'the user two' })],
      later(300),
    );
    expect(explanations.map(({ settings, event: { who } }) => [settings, who])).toEqual([
      [['Terminate', 'AZRebalance'], 'the user two'],
    ]);
  });

  it('explains nothing by an event before Holdfast had set it', () => {
    const record = {
      ...overridden('Terminate'),
      overridden: [{ setting: 'Terminate', seenAt, appliedAt: later(-60) }],
    };
    expect(explainOverrides(record, [resumed()], later(300)).explanations).toEqual([]);
    const within = resumed({ at: later(-30) });
    expect(explainOverrides(record, [resumed(), within], later(300)).explanations).toMatchObject([
      { event: { at: within.at } },
    ]);
  });

  it('knows an event of the same second, although CloudTrail leaves out its part of a second', () => {
    const record = {
      ...overridden('Terminate'),
      overridden: [{ setting: 'Terminate', seenAt: now.replace('.000Z', '.500Z') }],
    };
    const event = resumed({ at: now.replace('.000Z', 'Z') });
    expect(explainOverrides(record, [event], later(300)).explanations).toHaveLength(1);
  });

  it.each<[string, Partial<TrailEvent>]>([
    ['of another group', { autoScalingGroupName: 'api' }],
    ['of another process', { processes: ['Launch'] }],
    ['after it was seen', { at: later(1) }],
    ['long before it was seen', { at: later(-1801) }],
    ['of Holdfast itself', { isOurs: true }],
    ['of another operation', { eventName: 'SuspendProcesses' }],
  ])('explains nothing by an event %s', (_what, over) => {
    const { explanations } = explainOverrides(overridden('Terminate'), [resumed(over)], later(300));
    expect(explanations).toEqual([]);
  });

  it('knows who removed the protection of an instance, and not who set it', () => {
    const event = (protectedFromScaleIn: boolean) =>
      resumed({
        eventName: 'SetInstanceProtection',
        processes: [],
        instanceIds: ['i-1'],
        protectedFromScaleIn,
      });
    const of = (event: TrailEvent) => explainOverrides(overridden('i-1'), [event], later(300)).explanations;
    expect(of(event(false))).toHaveLength(1);
    expect(of(event(true))).toEqual([]);
  });
});

describe('unexplained', () => {
  it('is what nobody knows of yet, for forty minutes, and nothing that a stack update took back', () => {
    const record = overridden('Terminate');
    expect(unexplained(record, later(2400))).toHaveLength(1);
    expect(unexplained(record, later(2401))).toEqual([]);
    const byStack = {
      ...record,
      overridden: [{ setting: 'Terminate', seenAt, by: 'STACK_UPDATE' as const }],
    };
    expect(unexplained(byStack, later(60))).toEqual([]);
  });
});

describe('questionsOf', () => {
  it('asks once for processes and once for instances, from half an hour before', () => {
    const { overridden: entries } = overridden('Terminate', 'i-1', 'AZRebalance');
    expect(questionsOf(entries)).toEqual([
      { eventName: 'ResumeProcesses', from: later(-1800), until: now },
      { eventName: 'SetInstanceProtection', from: later(-1800), until: now },
    ]);
    expect(questionsOf([])).toEqual([]);
  });
});

describe('parseTrailEvent', () => {
  const event = (over: object = {}) => ({
    eventName: 'ResumeProcesses',
    eventTime: '2026-03-02T02:58:00Z',
    userAgent: 'APN/1.0 HashiCorp/1.0 Terraform/1.9.0 aws-sdk-go-v2/1.30',
    userIdentity: {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::123456789012:assumed-role/deploy/run-7',
      sessionContext: { sessionIssuer: { userName: 'deploy' } },
    },
    requestParameters: { autoScalingGroupName: 'web', scalingProcesses: ['Terminate'] },
    ...over,
  });
  const parsed = (over: object = {}) => parseTrailEvent(JSON.stringify(event(over)));

  it.each<[string, object, string | undefined]>([
    ['the role deploy (session run-7)', {}, 'Terraform'],
    [
      'the user alice',
      { userIdentity: { type: 'IAMUser', userName: 'alice' }, userAgent: 'aws-cli/2.17' },
      'the AWS CLI',
    ],
    [
      'the root user of the account',
      { userIdentity: { type: 'Root' }, userAgent: 'Mozilla/5.0' },
      'the AWS console',
    ],
    [
      'ecs.amazonaws.com',
      {
        userIdentity: { type: 'AWSService', invokedBy: 'ecs.amazonaws.com' },
        userAgent: 'ecs.amazonaws.com',
      },
      'ecs.amazonaws.com',
    ],
    ['somebody whom CloudTrail does not name', { userIdentity: {}, userAgent: '' }, undefined],
  ])('knows %s', (who, over, tool) => {
    expect(parsed(over)).toMatchObject({ who, autoScalingGroupName: 'web' });
    expect(parsed(over)?.tool).toBe(tool);
  });

  it('knows its own calls', () => {
    const inSession = (role: string, session: string) => ({
      arn: `arn:aws:sts::123456789012:assumed-role/${role}/${session}`,
      sessionContext: { sessionIssuer: { userName: role } },
    });
    const isOurs = (role: string, session: string) =>
      parsed({ userIdentity: inSession(role, session) })?.isOurs;
    expect(isOurs('holdfast-prod-SweepRole-1X', 'holdfast-prod-sweep')).toBe(true);
    expect(isOurs('holdfast-operators', 'alice')).toBeUndefined();
    expect(parsed()?.isOurs).toBeUndefined();
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a call that failed', JSON.stringify(event({ errorCode: 'AccessDenied' }))],
    ['no group', JSON.stringify(event({ requestParameters: null }))],
    ['no event', '[]'],
  ])('of %s is nothing', (_what, json) => {
    expect(parseTrailEvent(json)).toBeUndefined();
  });
});
