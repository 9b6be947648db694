import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
} from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import permissions from '../../infra/expand-permissions.cjs';
import { denied, holdfast, notThere } from './run-holdfast.ts';

const sts = mockClient(STSClient);
const autoScaling = mockClient(AutoScalingClient);
const cloudWatch = mockClient(CloudWatchClient);
const cloudTrail = mockClient(CloudTrailClient);
const dynamoDb = mockClient(DynamoDBClient);
const documents = mockClient(DynamoDBDocumentClient);
const ssm = mockClient(SSMClient);
const sns = mockClient(SNSClient);
const iam = mockClient(IAMClient);
const cloudFormation = mockClient(CloudFormationClient);

/** So many minutes before noon of the day before yesterday: within what AWS keeps, whenever this runs. */
const noon = Math.floor(Date.now() / 86_400_000 - 1.5) * 86_400_000;
const at = (minutes: number): Date => new Date(noon + minutes * 60_000);

const group = (name: string, tags: Record<string, string> = { tier: 'web', holdfast: 'true' }) => ({
  AutoScalingGroupName: name,
  MinSize: 1,
  MaxSize: 4,
  DesiredCapacity: 2,
  DefaultCooldown: 0,
  AvailabilityZones: [],
  HealthCheckType: 'EC2',
  CreatedTime: new Date(0),
  Instances: [],
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});
const alarm = {
  AlarmName: 'network-packet-loss-a',
  AlarmArn: 'arn:a',
  StateValue: 'OK' as const,
  StateTransitionedTimestamp: at(0),
};
const change = (minutes: number, stateValue: string) => ({
  AlarmName: alarm.AlarmName,
  Timestamp: at(minutes),
  HistoryItemType: 'StateUpdate' as const,
  HistoryData: JSON.stringify({ newState: { stateValue, stateReason: 'x' } }),
});
const activity = (minutes: number, Cause: string) => ({
  ActivityId: `a-${minutes}`,
  AutoScalingGroupName: 'web',
  Description: 'Terminating EC2 instance: i-1',
  Cause,
  StartTime: at(minutes),
  EndTime: at(minutes + 1),
  StatusCode: 'Successful' as const,
});

beforeEach(() => {
  const clients = [
    sts,
    autoScaling,
    cloudWatch,
    cloudTrail,
    dynamoDb,
    documents,
    ssm,
    sns,
    iam,
    cloudFormation,
  ];
  for (const client of clients) client.reset();
  sts
    .on(GetCallerIdentityCommand)
    .resolves({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/sre' });
  autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [group('web')] });
  cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [alarm] });
  documents.on(QueryCommand).rejects(notThere);
});
afterEach(() => vi.restoreAllMocks());

describe('holdfast backtest', () => {
  beforeEach(() => {
    cloudWatch
      .on(DescribeAlarmHistoryCommand)
      .resolves({ AlarmHistoryItems: [change(60, 'OK'), change(0, 'ALARM')] });
    autoScaling.on(DescribeScalingActivitiesCommand).resolves({
      Activities: [
        activity(200, 'in response to a difference between desired and actual capacity'),
        activity(30, 'in response to a difference between desired and actual capacity'),
      ],
    });
  });

  it('says when a rule would have held, what it would have kept, and what people did', async () => {
    cloudTrail.on(LookupEventsCommand).resolves({});
    cloudTrail
      .on(LookupEventsCommand, {
        LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'SuspendProcesses' }],
      })
      .resolves({
        Events: [
          {
            CloudTrailEvent: JSON.stringify({
              eventName: 'SuspendProcesses',
              eventTime: at(10).toISOString().replace('.000', ''),
              userAgent: 'aws-cli/2',
              userIdentity: { type: 'IAMUser', userName: 'ann' },
              requestParameters: { autoScalingGroupName: 'web', scalingProcesses: ['Terminate'] },
            }),
          },
        ],
      });
    const { status, out } = await holdfast('backtest');
    expect(status).toBe(0);
    expect(out).toMatch(/packet-loss would have held 1 time, 7\d min in all, and kept 1 instance\./);
    expect(out).toContain('1 scale-in; 1');
    expect(out).not.toContain('…');
    for (const text of ['SuspendProcesses', 'the user ann', 'packet-loss would']) expect(out).toContain(text);
    const names = [
      ...autoScaling.calls().map(({ args }) => args[0].constructor.name),
      ...cloudWatch.calls().map(({ args }) => args[0].constructor.name),
      ...cloudTrail.calls().map(({ args }) => args[0].constructor.name),
    ];
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !/^(Describe|Lookup)/.test(name))).toEqual([]);
  });

  it('says what it may not know, and goes on', async () => {
    cloudTrail.on(LookupEventsCommand).rejects(denied('cloudtrail:LookupEvents'));
    const { status, out } = await holdfast('backtest', '--json');
    expect(status).toBe(0);
    const { rules, people } = JSON.parse(out);
    expect(rules[0].holds).toHaveLength(1);
    expect(people.unknownBecause).toContain('Not allowed: cloudtrail:LookupEvents');
  });

  it.each(['0', '31', 'x', '1.5'])('refuses %s days', async (days) => {
    const { status, err } = await holdfast('backtest', '--days', days);
    expect(status).toBe(2);
    expect(err).toContain(`--days: found "${days}"; allowed: a whole number from 1 to 30`);
  });
});

describe('a profile', () => {
  it('that gives no credentials is named', async () => {
    sts
      .on(GetCallerIdentityCommand)
      .rejects(Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }));
    const { status, err } = await holdfast('check', '--profile', 'nosuch');
    expect(status).toBe(2);
    expect(err).toContain('The profile "nosuch" gives no credentials: look at its name in ~/.aws/config');
  });
});

describe('holdfast check', () => {
  it('says what it could not check, and never that nothing is missing', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).rejects(denied('autoscaling:DescribeAutoScalingGroups'));
    cloudWatch.on(DescribeAlarmsCommand).rejects(denied('cloudwatch:DescribeAlarms'));
    const { status, out } = await holdfast('check');
    expect(status).toBe(2);
    expect(out).toContain('4 of 4 rules could not be checked');
    expect(out).not.toContain('Nothing is missing');
    expect(JSON.parse((await holdfast('check', '--json')).out).isReady).toBeNull();
  });

  describe('of a deployed stage', () => {
    const shipped = readFileSync(new URL('../../infra/policy.yml', import.meta.url), 'utf8');
    const publish = (text: string, stageMode = 'live'): void => {
      documents.on(GetCommand).resolves({
        Item: {
          pk: 'stage',
          sk: 'policy',
          text: gzipSync(text).toString('base64'),
          hash: 'h',
          stageMode,
          since: '2026-01-01T00:00:00.000Z',
        },
      });
    };
    const resourceOf = (functionName: string) => {
      const id = `${functionName.charAt(0).toUpperCase()}${functionName.slice(1)}Role`;
      return {
        LogicalResourceId: id,
        PhysicalResourceId: `holdfast-prod-${id}-1`,
        ResourceType: 'AWS::IAM::Role',
        ResourceStatus: 'CREATE_COMPLETE' as const,
        LastUpdatedTimestamp: at(0),
      };
    };
    const simulationsOf = (functionName: string) =>
      iam
        .commandCalls(SimulatePrincipalPolicyCommand)
        .map(({ args: [{ input }] }) => input)
        .filter(({ PolicySourceArn = '' }) =>
          PolicySourceArn.includes(resourceOf(functionName).PhysicalResourceId),
        );
    const found = async (): Promise<{ because: string }[]> => {
      const { out } = await holdfast('check', '--stage', 'prod', '--policy', 'infra/policy.yml', '--json');
      const { findings } = JSON.parse(out) as { findings: { rule?: string; fact: { because: string } }[] };
      return findings.filter(({ rule }) => rule === undefined).map(({ fact }) => fact);
    };

    beforeEach(() => {
      documents.on(QueryCommand).resolves({ Items: [] });
      publish(shipped);
      ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'live' } });
      sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [{ SubscriptionArn: 'arn:a' }] });
      cloudFormation.on(DescribeStacksCommand).resolves({
        Stacks: [
          {
            StackName: 'holdfast-prod',
            CreationTime: at(0),
            StackStatus: 'CREATE_COMPLETE',
            Parameters: [{ ParameterKey: 'RolePath', ParameterValue: '/ops/' }],
          },
        ],
      });
      // Two pages: a stage has more than a hundred resources.
      const roles = Object.keys(permissions.readPermissions().functions).map((name) => resourceOf(name));
      cloudFormation.on(ListStackResourcesCommand).resolves({ StackResourceSummaries: roles.slice(10) });
      cloudFormation
        .on(ListStackResourcesCommand, { StackName: 'holdfast-prod', NextToken: undefined })
        .resolves({ StackResourceSummaries: roles.slice(0, 10), NextToken: 'more' });
      iam.on(SimulatePrincipalPolicyCommand).resolves({ EvaluationResults: [] });
    });

    it('finds nothing where all is well', async () => {
      expect(await found()).toEqual([]);
      const [simulation] = simulationsOf('applyHold');
      expect(simulation).toMatchObject({
        PolicySourceArn: 'arn:aws:iam::123456789012:role/ops/holdfast-prod-ApplyHoldRole-1',
        ActionNames: expect.arrayContaining(['ssm:GetParameter', 'autoscaling:SuspendProcesses']),
        ContextEntries: expect.arrayContaining([
          {
            ContextKeyName: 'aws:ResourceTag/holdfast',
            ContextKeyType: 'string',
            ContextKeyValues: ['true'],
          },
          {
            ContextKeyName: 'aws:RequestedRegion',
            ContextKeyType: 'string',
            ContextKeyValues: ['eu-west-1'],
          },
          {
            ContextKeyName: 'aws:TagKeys',
            ContextKeyType: 'stringList',
            ContextKeyValues: ['holdfast-hold'],
          },
        ]),
      });
    });

    it('asks nothing of the fleet of a stage that is a dry run, and takes its switch for what it is', async () => {
      publish(shipped, 'dry-run');
      ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'dry-run' } });
      expect(await found()).toEqual([]);
      expect(simulationsOf('applyHold')[0]?.ActionNames).not.toContain('autoscaling:SuspendProcesses');
    });

    it('takes rules for the same whatever the order of their fields', async () => {
      publish(shipped.replace(/(\n {6}coolOff: 10m)(\n {6}expiresAfter: 2h)/, '$2$1'));
      expect(await found()).toEqual([]);
    });

    it('says that a stack lacks roles', async () => {
      cloudFormation
        .on(ListStackResourcesCommand, { StackName: 'holdfast-prod', NextToken: undefined })
        .resolves({ StackResourceSummaries: [] });
      expect(await found()).toMatchObject([
        { because: 'UNREADABLE', why: expect.stringContaining('has no role for routeSignal') },
      ]);
    });

    it('says by which rules the deployed policy differs', async () => {
      publish(
        shipped
          .replace('name: packet-loss', 'name: our-own-loss')
          .replace(/launchFailures: \{ atLeast: 3/, 'launchFailures: { atLeast: 4'),
      );
      const [difference, ...others] = await found();
      expect(others).toEqual([]);
      expect(difference).toMatchObject({
        because: 'POLICY_DIFFERS',
        onlyHere: ['packet-loss'],
        onlyDeployed: ['our-own-loss'],
      });
    });

    it('says what a boundary or the organization denies, and nothing that depends on what it cannot know', async () => {
      const result = (EvalActionName: string, more: object) => ({
        EvalActionName,
        EvalDecision: 'implicitDeny' as const,
        ...more,
      });
      const arnOf = (name: string): string =>
        `arn:aws:iam::123456789012:role/ops/${resourceOf(name).PhysicalResourceId}`;
      const boundary = { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } };
      iam.on(SimulatePrincipalPolicyCommand, { PolicySourceArn: arnOf('planHold') }).resolves({
        EvaluationResults: [
          result('ssm:GetParameter', boundary),
          result('autoscaling:SuspendProcesses', {
            ...boundary,
            MissingContextValues: ['aws:ResourceTag/holdfast'],
          }),
          result('dynamodb:Query', { OrganizationsDecisionDetail: { AllowedByOrganizations: false } }),
          result('dynamodb:PutItem', {}),
        ],
      });
      expect(await found()).toEqual([
        {
          because: 'ROLES_DENIED',
          by: 'BOUNDARY',
          actions: ['ssm:GetParameter'],
          functionNames: ['planHold'],
        },
        {
          because: 'ROLES_DENIED',
          by: 'ORGANIZATION',
          actions: ['dynamodb:Query'],
          functionNames: ['planHold'],
        },
      ]);
    });

    it('goes on where nobody may simulate, or nothing is published yet', async () => {
      iam.on(SimulatePrincipalPolicyCommand).rejects(denied('iam:SimulatePrincipalPolicy'));
      documents.on(GetCommand).resolves({});
      expect(await found()).toMatchObject([
        { because: 'UNREADABLE', what: 'which policy the stage runs' },
        { because: 'UNREADABLE', what: 'what is denied to the roles of the stage' },
      ]);
    });
  });

  it('keeps what it knows of a rule whose alarm may not be read', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    cloudWatch.on(DescribeAlarmsCommand).rejects(denied('cloudwatch:DescribeAlarms'));
    const { status, out } = await holdfast('check');
    expect(status).toBe(1);
    expect(out).toContain('no group has the tags');
  });
});

describe('holdfast status', () => {
  it('tells what descriptions and tags tell where nothing is deployed', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
      AutoScalingGroups: [
        {
          ...group('web', {
            tier: 'web',
            holdfast: 'true',
            'holdfast-hold': 'prod holds it: pause-scaling - loss-1',
          }),
          SuspendedProcesses: [
            { ProcessName: 'Terminate', SuspensionReason: 'User suspended at 2026-03-02T03:00:00Z' },
          ],
        },
        group('quiet'),
      ],
    });
    const { status, out } = await holdfast('status');
    expect(status).toBe(0);
    expect(out).toContain('No stage prod is deployed here');
    expect(out).toMatch(/web .*unknown: Terminate/);
    expect(out).toContain('1 more group opted in, with nothing to tell.');
  });

  it('says that a group is nowhere', async () => {
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({ AutoScalingGroups: [] });
    const { status, err } = await holdfast('status', 'wbe');
    expect({ status, err }).toEqual({
      status: 2,
      err: 'group: there is no Auto Scaling group wbe in 123456789012, eu-west-1; look at the name, --profile and --region\n',
    });
  });
});
