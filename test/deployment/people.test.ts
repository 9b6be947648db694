import { readFileSync } from 'node:fs';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { readTemplate } from './read-template.ts';

const account = '123456789012';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${account}:${rest}`;

/** Whether a policy of `docs/examples` allows an action. */
const mayWith = async (
  name: string,
  action: string,
  resource: string,
  contextVariables: Record<string, string | string[]> = {},
): Promise<boolean> => {
  const file = new URL(`../../docs/examples/${name}.policy.json`, import.meta.url);
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/person`,
        action,
        resource: { resource, accountId: account },
        contextVariables,
      },
      identityPolicies: [{ name, policy: JSON.parse(readFileSync(file, 'utf8')) }],
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

describe('the policy for who deploys', () => {
  const types = [...new Set(Object.values(readTemplate('prod')).map(({ Type }) => Type))].sort();

  it('knows every type of resource that is deployed', () => {
    expect([...Object.keys(madeBy), ...Object.keys(madeThroughCloudFormation)].sort()).toEqual(types);
  });

  it.each(Object.entries(madeBy))('makes %s under our names only', async (_type, [action, named]) => {
    expect(await mayWith('deployer', action, named('holdfast-prod-thing'))).toBe(true);
    expect(await mayWith('deployer', action, named('orders-prod-thing'))).toBe(false);
  });

  it.each(Object.entries(madeThroughCloudFormation))(
    'makes %s through CloudFormation only',
    async (_type, action) => {
      const through = { 'aws:CalledVia': ['cloudformation.amazonaws.com'] };
      expect(await mayWith('deployer', action, '*', through)).toBe(true);
      expect(await mayWith('deployer', action, '*')).toBe(false);
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
      expect([action, await mayWith('deployer', `cloudformation:${action}`, stack)]).toEqual([action, true]);
    }
    expect(await mayWith('deployer', 'cloudformation:ValidateTemplate', '*')).toBe(true);
    const role = `arn:aws:iam::${account}:role/holdfast-prod-SweepRole`;
    for (const [service, allowed] of [
      ['lambda.amazonaws.com', true],
      ['states.amazonaws.com', true],
      ['ec2.amazonaws.com', false],
    ] as const) {
      expect(await mayWith('deployer', 'iam:PassRole', role, { 'iam:PassedToService': service })).toBe(
        allowed,
      );
    }
  });

  it('fits into a managed policy', () => {
    const file = new URL('../../docs/examples/deployer.policy.json', import.meta.url);
    // IAM's quota, blanks not counted.
    expect(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))).length).toBeLessThan(6144);
  });
});
