import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { denied, holdfast, notThere } from './run-holdfast.ts';

const sts = mockClient(STSClient);
const ssm = mockClient(SSMClient);
const sfn = mockClient(SFNClient);
const autoScaling = mockClient(AutoScalingClient);
const dynamoDb = mockClient(DynamoDBClient);
const documents = mockClient(DynamoDBDocumentClient);

const account = '123456789012';
const arnOf = (name: string, remediation = 'pause-scaling'): string =>
  `arn:aws:states:eu-west-1:${account}:execution:holdfast-prod-${remediation}:${name}`;
/** The items of the table, by partition. */
const table = (items: Record<string, unknown>[]): void => {
  documents
    .on(QueryCommand)
    .callsFake(({ ExpressionAttributeValues: values }: { ExpressionAttributeValues: object }) => {
      const [pk, prefix = ''] = Object.values(values) as string[];
      return { Items: items.filter((item) => item.pk === pk && String(item.sk).startsWith(prefix)) };
    });
  documents.on(GetCommand).callsFake(({ Key }: { Key: { pk: string; sk: string } }) => ({
    Item: items.find(({ pk, sk }) => pk === Key.pk && sk === Key.sk),
  }));
};

const incident = (name: string, over: object = {}): Record<string, unknown>[] => [
  {
    pk: 'incidents',
    sk: arnOf(name),
    incident: { incidentId: arnOf(name), remediation: 'pause-scaling', status: 'HELD', ...over },
  },
  { pk: `incident#${arnOf(name)}`, sk: 'groups#0000', names: ['web'] },
];

beforeEach(() => {
  for (const client of [sts, ssm, sfn, autoScaling, dynamoDb, documents]) client.reset();
  sts.on(GetCallerIdentityCommand).resolves({ Account: account, Arn: `arn:aws:iam::${account}:user/sre` });
  table([]);
});
afterEach(() => vi.restoreAllMocks());

describe('holdfast switch', () => {
  const says = (Value: string): void => {
    ssm
      .on(GetParameterCommand)
      .resolves({ Parameter: { Value, LastModifiedDate: new Date('2026-03-02T03:00:00Z') } });
    ssm.on(GetParameterHistoryCommand).resolves({});
  };

  it('says the word of the parameter, and who set it, from the last page of its history', async () => {
    says('live');
    ssm
      .on(GetParameterHistoryCommand, { NextToken: undefined })
      .resolves({ Parameters: [{ Value: 'off', LastModifiedUser: 'arn:old' }], NextToken: 'more' })
      .on(GetParameterHistoryCommand, { NextToken: 'more' })
      .resolves({ Parameters: [{ Value: 'live', LastModifiedUser: 'arn:new' }] });
    const { status, out } = await holdfast('switch');
    expect(status).toBe(0);
    expect(out).toBe(
      'The kill switch /holdfast/prod/mode says live, since 2026-03-02 03:00 UTC, by arn:new.\n',
    );
  });

  it('says nothing of a stage that is not deployed', async () => {
    documents.on(QueryCommand).rejects(notThere);
    const { status, err } = await holdfast('switch');
    expect(status).toBe(2);
    expect(err).toContain(`Stage "prod" is not deployed in account ${account}, eu-west-1`);
  });

  it('is thrown with no other permission than its own', async () => {
    documents.on(QueryCommand).rejects(denied('dynamodb:Query'));
    ssm.on(GetParameterCommand).rejects(denied('ssm:GetParameter'));
    ssm.on(PutParameterCommand).resolves({});
    const { status, out } = await holdfast('switch', 'off', '--yes');
    expect(status).toBe(0);
    expect(ssm.commandCalls(PutParameterCommand)[0]?.args[0].input).toMatchObject({
      Name: '/holdfast/prod/mode',
      Value: 'off',
      Overwrite: true,
    });
    expect(out).toContain('The kill switch was set to off; it could not be read back');
  });

  it.each(['dry-run', 'off'])(
    'says before it is set to %s that every hold is released, and which',
    async (word) => {
      says('live');
      table(incident('loss-1'));
      ssm.on(PutParameterCommand).resolves({});
      const { out } = await holdfast('switch', word, '--yes');
      expect(out).toContain(`${word} means: every hold of this stage is released within minutes`);
      expect(out).toContain('Open now: loss-1.');
    },
  );

  it('asks, and is not thrown where nobody can answer', async () => {
    says('live');
    const { status, err } = await holdfast('switch', 'off');
    expect(status).toBe(2);
    expect(err).toContain('give --yes');
    expect(ssm.commandCalls(PutParameterCommand)).toEqual([]);
  });

  it('refuses another word, and asks AWS nothing', async () => {
    const { status, err } = await holdfast('switch', 'of', '--yes');
    expect({ status, err }).toEqual({
      status: 2,
      err: 'mode: found "of"; allowed: live, dry-run, off. Did you mean "off"?\n',
    });
    expect(sts.calls()).toEqual([]);
  });
});

describe('holdfast stop', () => {
  const running = (): void => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    sfn.on(StopExecutionCommand).resolves({});
  };

  it.each(['web', 'loss-1', arnOf('loss-1')])('stops what %s means', async (what) => {
    running();
    table(incident('loss-1'));
    const { status, out } = await holdfast('stop', what, '--yes');
    expect(status).toBe(0);
    expect(out).toContain('Will stop loss-1 (pause-scaling), which holds web.');
    expect(sfn.commandCalls(StopExecutionCommand).map(({ args }) => args[0].input.executionArn)).toEqual([
      arnOf('loss-1'),
    ]);
  });

  it.each([
    ['an execution that gives it back', { tendedBy: arnOf('give-back-1') }, 'give-back-1'],
    ['its own execution', { status: 'RELEASING' }, 'loss-1'],
  ])('leaves alone what %s gives back already', async (_what, over, by) => {
    running();
    table(incident('loss-1', over));
    const { status, out } = await holdfast('stop', 'web', '--yes');
    expect({ status, out }).toEqual({ status: 0, out: `loss-1 is being given back already, by ${by}.\n` });
    expect(sfn.commandCalls(StopExecutionCommand)).toEqual([]);
  });

  it('says what it stopped before something refused', async () => {
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    sfn.on(StopExecutionCommand).resolvesOnce({}).rejects(denied('states:StopExecution'));
    table([...incident('loss-1'), ...incident('loss-2')]);
    const { status, err } = await holdfast('stop', 'web', '--yes');
    expect(status).toBe(2);
    expect(err).toContain(
      'loss-2 could not be stopped; loss-1 was stopped: Not allowed: states:StopExecution',
    );
  });
});

describe('holdfast start', () => {
  const group = {
    AutoScalingGroupName: 'web',
    MinSize: 1,
    MaxSize: 4,
    DesiredCapacity: 2,
    DefaultCooldown: 0,
    AvailabilityZones: [],
    HealthCheckType: 'EC2',
    CreatedTime: new Date(0),
    Instances: [],
  };
  const deployed = (tags: Record<string, string>): void => {
    sfn.on(DescribeStateMachineCommand).resolves({});
    sfn.on(StartExecutionCommand).callsFake(({ name }: { name: string }) => ({ executionArn: arnOf(name) }));
    sfn.on(DescribeExecutionCommand).resolves({ status: 'SUCCEEDED' });
    autoScaling.on(DescribeAutoScalingGroupsCommand).resolves({
      AutoScalingGroups: [
        { ...group, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) } as never,
      ],
    });
  };
  const words = ['start', 'pause-scaling', '--group', 'web', '--reason', 'switch upgrade'];

  it('shows the plan, starts, and follows to the end', async () => {
    deployed({ holdfast: 'true' });
    const { status, out } = await holdfast(...words, '--yes', '--with', 'expiresAfter=1h');
    expect(status).toBe(0);
    expect(out).toMatch(/web +would act/);
    expect(out).toMatch(/Started by-hand-\d{14}-[0-9a-f]{8} \(pause-scaling, stage prod\)/);
    const [call] = sfn.commandCalls(StartExecutionCommand);
    expect(JSON.parse(String(call?.args[0].input.input))).toEqual({
      autoScalingGroupName: ['web'],
      reason: 'switch upgrade',
      expiresAfter: '1h',
    });
  });

  it.each([false, true])('starts nothing that its plan refuses (JSON: %s)', async (json) => {
    deployed({});
    const { status, out } = await holdfast(...words, '--yes', ...(json ? ['--json'] : []));
    expect(status).toBe(1);
    expect(sfn.commandCalls(StartExecutionCommand)).toEqual([]);
    if (json) expect(JSON.parse(out)).toMatchObject({ started: false });
    else expect(out).toMatch(/web +left alone/);
  });

  it('starts nothing where nobody agreed', async () => {
    deployed({ holdfast: 'true' });
    expect((await holdfast(...words)).status).toBe(2);
    expect(sfn.commandCalls(StartExecutionCommand)).toEqual([]);
  });

  it('says what it started where it cannot be followed', async () => {
    deployed({ holdfast: 'true' });
    sfn.on(DescribeExecutionCommand).rejects(denied('states:DescribeExecution'));
    const { status, err } = await holdfast(...words, '--yes', '--json');
    expect(status).toBe(2);
    expect(err).toMatch(
      /^Started by-hand-.*\nStarted arn:aws:states:.*:by-hand-.*, which goes on; it could not be followed: Not allowed/,
    );
  });

  it('starts nothing in a stage that is not deployed', async () => {
    sfn
      .on(DescribeStateMachineCommand)
      .rejects(Object.assign(new Error('x'), { name: 'StateMachineDoesNotExist', $metadata: {} }));
    const { status, err } = await holdfast(...words, '--yes');
    expect(status).toBe(2);
    expect(err).toContain('Stage "prod" is not deployed');
  });
});
