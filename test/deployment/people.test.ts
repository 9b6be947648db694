import { readdirSync, readFileSync } from 'node:fs';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import { describePermissions, readStageOptions } from '../../cli/permissions.ts';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { readTemplate } from './read-template.ts';

const account = '123456789012';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${account}:${rest}`;

const example = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../docs/examples/${file}`, import.meta.url), 'utf8'));

const leftToTheAccount = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
  ],
};

/** Whether policies of `docs/examples`, named with a comma between them, allow an action. */
const mayWith = async (
  names: string,
  action: string,
  resource: string,
  contextVariables: Record<string, string | string[]> = {},
): Promise<boolean> => {
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/person`,
        action,
        resource: { resource, accountId: account },
        contextVariables,
      },
      identityPolicies: names
        .split(',')
        .map((name) => ({ name, policy: example(`${name}.policy.json`) as object })),
      // A key leaves it to the account's policies.
      ...(resource.startsWith('arn:aws:kms:') ? { resourcePolicy: leftToTheAccount } : {}),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    } as Parameters<typeof runSimulation>[0],
    {},
  );
  if (response.resultType === 'error') throw new Error(`${action}: ${JSON.stringify(response.errors)}`);
  return response.overallResult === 'Allowed';
};

const table = arn('dynamodb', 'table/holdfast-prod');
const killSwitch = arn('ssm', 'parameter/holdfast/prod/mode');
const looks: [string, string][] = [
  ['logs:FilterLogEvents', arn('logs', 'log-group:/aws/vendedlogs/states/holdfast-prod')],
  ['autoscaling:DescribeAutoScalingGroups', '*'],
  ['dynamodb:Query', table],
  ['dynamodb:Scan', table],
  ['ssm:GetParameter', killSwitch],
  ['logs:FilterLogEvents', arn('logs', 'log-group:/aws/lambda/holdfast-prod-sweep')],
];
const deeds: [string, string][] = [
  ...remediationNames.flatMap((remediation): [string, string][] => [
    ['states:StartExecution', arn('states', `stateMachine:holdfast-prod-${remediation}`)],
    ['states:StopExecution', arn('states', `execution:holdfast-prod-${remediation}:one`)],
  ]),
  ['ssm:PutParameter', killSwitch],
  ['sqs:PurgeQueue', arn('sqs', 'holdfast-prod-dead-letters')],
];
const never: [string, string][] = [
  ['dynamodb:PutItem', table],
  ['dynamodb:DeleteItem', table],
  ['lambda:InvokeFunction', arn('lambda', 'function:holdfast-prod-stopInstance')],
  ['states:UpdateStateMachine', arn('states', 'stateMachine:holdfast-prod-resize-in-place')],
  ['states:StartExecution', arn('states', 'stateMachine:holdfast-staging-resize-in-place')],
  ['ssm:PutParameter', arn('ssm', 'parameter/holdfast/staging/mode')],
  ['ec2:StopInstances', arn('ec2', 'instance/i-0aaaaaaaaaaaaaaa1')],
];

describe('the policies for people', () => {
  it.each(['readers', 'operators'])('let %s look', async (name) => {
    for (const [action, resource] of looks)
      expect([action, await mayWith(name, action, resource)]).toEqual([action, true]);
  });

  it('let operators start, stop and throw the kill switch, and readers not', async () => {
    for (const [action, resource] of deeds) {
      expect([action, await mayWith('operators', action, resource)]).toEqual([action, true]);
      expect([action, await mayWith('readers', action, resource)]).toEqual([action, false]);
    }
  });

  it.each(['readers', 'operators'])(
    'let %s touch neither table, functions, fleet nor another stage',
    async (name) => {
      for (const [action, resource] of never)
        expect([action, await mayWith(name, action, resource)]).toEqual([action, false]);
    },
  );
});

/** By type of a resource: how CloudFormation makes one, and on what, under a name of ours and under another. */
const madeBy: Record<string, [string, (name: string) => string]> = {
  'AWS::CloudWatch::Alarm': ['cloudwatch:PutMetricAlarm', (name) => arn('cloudwatch', `alarm:${name}`)],
  'AWS::CloudWatch::Dashboard': [
    'cloudwatch:PutDashboard',
    (name) => `arn:aws:cloudwatch::${account}:dashboard/${name}`,
  ],
  'AWS::EventSchemas::Registry': [
    'schemas:CreateRegistry',
    (name) => arn('schemas', `registry/${name.replace('holdfast-prod-thing', 'lambda-testevent-schemas')}`),
  ],
  'AWS::EventSchemas::Schema': [
    'schemas:CreateSchema',
    (name) => arn('schemas', `schema/lambda-testevent-schemas/_${name}`),
  ],
  'AWS::DynamoDB::Table': ['dynamodb:CreateTable', (name) => arn('dynamodb', `table/${name}`)],
  'AWS::Events::Rule': ['events:PutRule', (name) => arn('events', `rule/${name}`)],
  'AWS::IAM::Policy': ['iam:PutRolePolicy', (name) => `arn:aws:iam::${account}:role/${name}`],
  'AWS::IAM::Role': ['iam:CreateRole', (name) => `arn:aws:iam::${account}:role/${name}`],
  'AWS::Lambda::EventInvokeConfig': [
    'lambda:PutFunctionEventInvokeConfig',
    (name) => arn('lambda', `function:${name}`),
  ],
  'AWS::Lambda::Function': ['lambda:CreateFunction', (name) => arn('lambda', `function:${name}`)],
  'AWS::Lambda::Permission': ['lambda:AddPermission', (name) => arn('lambda', `function:${name}`)],
  'AWS::Logs::LogGroup': ['logs:CreateLogGroup', (name) => arn('logs', `log-group:/aws/lambda/${name}`)],
  'AWS::S3::Bucket': ['s3:CreateBucket', (name) => `arn:aws:s3:::${name}`],
  'AWS::S3::BucketPolicy': ['s3:PutBucketPolicy', (name) => `arn:aws:s3:::${name}`],
  'AWS::SNS::Topic': ['sns:CreateTopic', (name) => arn('sns', name)],
  'AWS::SNS::TopicPolicy': ['sns:SetTopicAttributes', (name) => arn('sns', name)],
  'AWS::SQS::Queue': ['sqs:CreateQueue', (name) => arn('sqs', name)],
  'AWS::SQS::QueuePolicy': ['sqs:SetQueueAttributes', (name) => arn('sqs', name)],
  'AWS::StepFunctions::StateMachine': [
    'states:CreateStateMachine',
    (name) => arn('states', `stateMachine:${name}`),
  ],
};
/** What CloudFormation makes under a name that nobody knows before. */
const madeThroughCloudFormation: Record<string, string> = {
  'AWS::KMS::Key': 'kms:CreateKey',
  'AWS::Lambda::EventSourceMapping': 'lambda:CreateEventSourceMapping',
};

describe('the policies for who deploys', () => {
  const deployer = 'deployer,deployer-roles';
  const bounded = 'deployer,deployer-roles-bounded';
  const boundary = 'arn:aws:iam::123456789012:policy/holdfast-boundary';

  const types = [...new Set(Object.values(readTemplate('prod')).map(({ Type }) => Type))].sort();

  it('knows every type of resource that is deployed', () => {
    expect([...Object.keys(madeBy), ...Object.keys(madeThroughCloudFormation)].sort()).toEqual(types);
  });

  it.each(Object.entries(madeBy))('makes %s under our names only', async (_type, [action, named]) => {
    expect(await mayWith(deployer, action, named('holdfast-prod-thing'))).toBe(true);
    expect(await mayWith(deployer, action, named('orders-prod-thing'))).toBe(false);
  });

  it.each(Object.entries(madeThroughCloudFormation))(
    'makes %s through CloudFormation only',
    async (_type, action) => {
      const through = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };
      expect(await mayWith(deployer, action, '*', through)).toBe(true);
      expect(await mayWith(deployer, action, '*')).toBe(false);
    },
  );

  it('may do what osls does, and hand roles to Lambda and Step Functions only', async () => {
    const stack = arn('cloudformation', 'stack/holdfast-prod/1');
    // As osls called moto in a deploy, an info and a removal.
    for (const action of [
      ...[
        'CreateChangeSet',
        'DeleteChangeSet',
        'DescribeChangeSet',
        'DescribeStackEvents',
        'ExecuteChangeSet',
      ],
      ...[
        'DescribeStackResource',
        'DescribeStackResources',
        'DescribeStacks',
        'ListStackResources',
        'DeleteStack',
      ],
    ]) {
      expect([action, await mayWith(deployer, `cloudformation:${action}`, stack)]).toEqual([action, true]);
    }
    expect(await mayWith(deployer, 'cloudformation:ValidateTemplate', '*')).toBe(true);
    const role = `arn:aws:iam::${account}:role/holdfast-prod-SweepRole`;
    for (const [service, allowed] of [
      ['lambda.amazonaws.com', true],
      ['states.amazonaws.com', true],
      ['ec2.amazonaws.com', false],
    ] as const) {
      expect(await mayWith(deployer, 'iam:PassRole', role, { 'iam:PassedToService': service })).toBe(allowed);
    }
  });

  it('make roles only with the boundary, and never take it away, where they are bounded', async () => {
    for (const path of ['', 'ops/']) {
      const role = `arn:aws:iam::${account}:role/${path}holdfast-prod-SweepRole`;
      for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']) {
        const may = (context: Record<string, string>) => mayWith(bounded, action, role, context);
        expect([action, await may({ 'iam:PermissionsBoundary': boundary })]).toEqual([action, true]);
        expect([action, await may({ 'iam:PermissionsBoundary': `${boundary}-2` })]).toEqual([action, false]);
        expect([action, await may({})]).toEqual([action, false]);
      }
      const context = { 'iam:PermissionsBoundary': boundary };
      expect(await mayWith(bounded, 'iam:DeleteRolePermissionsBoundary', role, context)).toBe(false);
      expect(await mayWith(bounded, 'iam:DeleteRole', role, context)).toBe(true);
    }
    expect(await mayWith(bounded, 'iam:CreatePolicyVersion', boundary)).toBe(false);
  });

  it('destroy no key but that of the topic', async () => {
    const key = arn('kms', 'key/1');
    const through = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };
    const tag = { 'aws:ResourceTag/aws:cloudformation:stack-name': 'holdfast-prod' };
    for (const action of ['kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy']) {
      expect(await mayWith(deployer, action, key, { ...through, ...tag })).toBe(true);
      expect(await mayWith(deployer, action, key, through)).toBe(false);
    }
  });

  it('fit into managed policies, as all examples do', () => {
    for (const file of readdirSync(new URL('../../docs/examples/', import.meta.url))) {
      // IAM's quota, blanks not counted.
      if (file.endsWith('.policy.json')) expect(JSON.stringify(example(file)).length).toBeLessThan(6144);
    }
  });
});

describe('the boundary', () => {
  it('allows what the roles may do with everything a stage can be given, and nothing more', async () => {
    const options = await readStageOptions('prod', ['launchTemplates=on', 'tracing=on']);
    const actions = describePermissions(options)
      .split('\n')
      .filter((line) => line.startsWith(' ') && !line.includes(' never '))
      .flatMap((line) => (/^ +(?:if \w+: )?(.*?) on /.exec(line)?.[1] ?? '').split(', '));
    const { Statement } = example('boundary.policy.json') as { Statement: { Action: string[] }[] };
    expect(Statement.flatMap(({ Action }) => Action).sort()).toEqual([...new Set(actions)].sort());
  });
});
