import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Incident } from '../../functions/domain/incident.ts';
import { emptyLaunchRecord } from '../../functions/domain/launches/launch-record.ts';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { toNotice } from '../../functions/domain/telling/notice.ts';
import { parsePolicy } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { createDynamoDbStore } from '../../functions/state/dynamodb-store.ts';
import permissions from '../../infra/expand-permissions.cjs';
import type { ScalingPolicy } from '../../rehearsal/cloud/auto-scaling-group.ts';
import { CloudError } from '../../rehearsal/cloud/cloud-error.ts';
import { runningFunction } from '../../rehearsal/cloud/lambda.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { readDeployment } from '../../rehearsal/deployment.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { aHoldOnTerminate, anIncident, aRecord, now } from '../domain/holds/group-fixtures.ts';
import {
  apiGroup,
  calm,
  groupOf,
  launchIncident,
  onlyRules,
  scaleOutAt,
  startOf,
} from '../rehearsal/launch-incident.ts';
import { quiet, resizeIncident, startResize } from '../rehearsal/resize-incident.ts';
import {
  deed,
  lossBeginsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
} from '../rehearsal/small-incident.ts';
import type { Resource } from './read-template.ts';
import { readTemplate } from './read-template.ts';

const account = '123456789012';
const region = 'us-east-1';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: unknown;
}
type Template = Record<string, Resource>;

/** CloudFormation's functions, as far as policies use them. */
const resolve = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', '']] = Object.entries(value);
  if (name === 'Fn::Sub') {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
    return String(argument)
      .replaceAll('${AWS::Partition}', 'aws')
      .replaceAll('${AWS::Region}', region)
      .replaceAll('${AWS::URLSuffix}', 'amazonaws.com')
      .replaceAll('${AWS::AccountId}', account);
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
  }
  // As it is deployed without a key of one's own.
  if (name === 'Fn::If') {
    const [condition, yes, no] = argument as [string, unknown, unknown];
    return resolve(condition === 'HasNoOwnKey' ? yes : no);
  }
  if (name === 'Fn::GetAtt') {
    const [id, attribute] = argument as [string, string];
    if (attribute === 'StreamArn')
      return `arn:aws:dynamodb:${region}:${account}:table/holdfast-prod/stream/1`;
    if (id === 'NotificationKey') return `arn:aws:kms:${region}:${account}:key/1`;
    return id === 'Table'
      ? `arn:aws:dynamodb:${region}:${account}:table/holdfast-prod`
      : `arn:aws:sqs:${region}:${account}:${id}`;
  }
  if (name === 'Ref' && argument === 'KmsKeyArn') return `arn:aws:kms:${region}:${account}:key/own`;
  if (name === 'Ref') return `arn:aws:sns:${region}:${account}:holdfast-prod-notifications`;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
};

interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: unknown;
}

/** The policies of a function's role. */
const policiesOf = (
  template: Template,
  functionName: string,
  hasOwnKey = false,
): { name: string; policy: unknown }[] => {
  const role = `${functionName.charAt(0).toUpperCase()}${functionName.slice(1)}Role`;
  const shared = Object.entries(template)
    .filter(
      ([, { Type, Properties }]) =>
        Type === 'AWS::IAM::Policy' &&
        (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role),
    )
    .map(([name, { Properties }]) => ({ name, policy: resolve(Properties.PolicyDocument) }));
  const inline = template[role]?.Properties.Policies as
    | { 'Fn::If': [string, InlinePolicy[], InlinePolicy[]] }
    | undefined;
  const own = (inline?.['Fn::If'][hasOwnKey ? 1 : 2] ?? []).map(({ PolicyName, PolicyDocument }) => ({
    name: PolicyName,
    policy: resolve(PolicyDocument),
  }));
  return [...own, ...shared];
};
const actionsOf = (template: Template, functionName: string): string[] => [
  ...new Set(
    policiesOf(template, functionName).flatMap(({ policy }) =>
      (policy as { Statement: Statement[] }).Statement.flatMap(({ Effect, Action }) =>
        Effect === 'Allow' ? Action : [],
      ),
    ),
  ),
];

/** Actions that no rehearsal shows: Lambda makes them for the function. */
/** Also what EC2 does for who starts an instance, and what comes with tags on a reservation. */
const madeByLambda = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:SendMessage',
  'kms:CreateGrant',
  'ec2:CreateTags',
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
  // SNS encrypts on behalf of who publishes.
  'kms:Decrypt',
  'kms:GenerateDataKey',
];
const prefixes: Record<string, string> = {
  AutoScaling: 'autoscaling',
  CloudFormation: 'cloudformation',
  CloudTrail: 'cloudtrail',
  CloudWatch: 'cloudwatch',
  EC2: 'ec2',
  ElasticLoadBalancing: 'elasticloadbalancing',
  SNS: 'sns',
  SSM: 'ssm',
  StepFunctions: 'states',
};
const isOfFleet = (action: string): boolean => /^(autoscaling|ec2):(?!Describe|Get)/.test(action);
/** Also what tells secrets: the user data of an instance, its console. */
const isBoundToTag = (action: string): boolean =>
  isOfFleet(action) || ['ec2:DescribeInstanceAttribute', 'ec2:GetConsoleOutput'].includes(action);

/** What an action is made on. */
const resourceOf = (action: string): string => {
  const [service] = action.split(':');
  if (/CapacityReservation$|^ec2:CreateTags$/.test(action) && isOfFleet(action)) {
    return `arn:aws:ec2:${region}:${account}:capacity-reservation/cr-0123456789abcdef0`;
  }
  if (/LaunchTemplate/.test(action) && isOfFleet(action)) {
    return `arn:aws:ec2:${region}:${account}:launch-template/lt-0123456789abcdef0`;
  }
  if ((service === 'ec2' && isOfFleet(action)) || /GetConsoleOutput|InstanceAttribute$/.test(action)) {
    return `arn:aws:ec2:${region}:${account}:instance/i-0123456789abcdef0`;
  }
  if (service === 'autoscaling' && isOfFleet(action)) {
    return `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:00000000-0000-4000-8000-000000000000:autoScalingGroupName/web`;
  }
  if (service === 'sns') return `arn:aws:sns:${region}:${account}:holdfast-prod-notifications`;
  if (service === 'ssm') return `arn:aws:ssm:${region}:${account}:parameter/holdfast/prod/mode`;
  if (action === 'states:StartExecution') {
    return `arn:aws:states:${region}:${account}:stateMachine:holdfast-prod-protect-instances`;
  }
  if (service === 'states')
    return `arn:aws:states:${region}:${account}:execution:holdfast-prod-pause-scaling:name`;
  if (service === 'cloudformation') {
    return `arn:aws:cloudformation:${region}:${account}:stack/shop/00000000-0000-4000-8000-000000000000`;
  }
  if (service === 'dynamodb') return `arn:aws:dynamodb:${region}:${account}:table/holdfast-prod`;
  return '*';
};

/** What AWS tells IAM of a call as Holdfast makes it, beside tags. */
const sentWith: Record<string, Record<string, string | string[]>> = {
  'autoscaling:CreateOrUpdateTags': { 'aws:TagKeys': ['holdfast-hold'] },
  'autoscaling:DeleteTags': { 'aws:TagKeys': ['holdfast-hold'] },
  'autoscaling:UpdateAutoScalingGroup': { 'autoscaling:MinSize': '1' },
  'ec2:CreateTags': { 'ec2:CreateAction': 'CreateCapacityReservation' },
  'ec2:ModifyInstanceAttribute': {
    'ec2:Attribute': 'InstanceType',
    'ec2:Attribute/InstanceType': 'm7i.xlarge',
  },
  'ec2:CreateCapacityReservation': { 'ec2:InstanceCount': '10', 'ec2:EndDateType': 'limited' },
  'dynamodb:PutItem': { 'dynamodb:LeadingKeys': ['notices'] },
};

const isAllowed = async (
  template: Template,
  functionName: string,
  action: string,
  tags: Record<string, string>,
  resource = resourceOf(action),
  sent: Record<string, string | string[]> = sentWith[action] ?? {},
): Promise<boolean> => {
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/${functionName}`,
        action,
        resource: { resource, accountId: account },
        contextVariables: {
          ...Object.fromEntries(
            Object.entries(tags).flatMap(([key, value]) => [
              [`aws:ResourceTag/${key}`, value],
              [`aws:RequestTag/${key}`, value],
            ]),
          ),
          ...sent,
        },
      },
      identityPolicies: policiesOf(template, functionName),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    } as Parameters<typeof runSimulation>[0],
    {},
  );
  if (response.resultType === 'error') throw new Error(`${action}: ${JSON.stringify(response.errors)}`);
  return response.overallResult === 'Allowed';
};

/** The DynamoDB actions of each method of the store, the answer to a failed condition included. */
const tableActions = async (): Promise<Record<string, string[]>> => {
  const actions: Record<string, string[]> = {};
  let method = '';
  const client = new DynamoDBClient({ region, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.middlewareStack.add(
    (_next, context) => async () => {
      const action = `dynamodb:${String(context.commandName).replace('Command', '')}`;
      const known = actions[method] ?? [];
      actions[method] = known;
      if (!known.includes(action)) known.push(action);
      if (/Put|Update|Delete/.test(action)) {
        throw Object.assign(new Error('condition'), {
          name: 'ConditionalCheckFailedException',
          $metadata: {},
        });
      }
      const item = { pk: { S: 'p' }, sk: { S: 's' } };
      return { response: {}, output: { $metadata: {}, Items: [item] } } as never;
    },
    { step: 'initialize', priority: 'high' },
  );
  const store = createDynamoDbStore(client, 'holdfast', { now: () => '2026-03-02T03:00:00.000Z' }, () => 'w');
  const incident: Incident = anIncident();
  const held = { ...aRecord(), ...aHoldOnTerminate('incident-a'), version: 3 };
  const uses: Record<string, () => Promise<unknown>> = {
    createIncident: () => store.createIncident(incident, ['a']),
    readIncident: () => store.readIncident('i'),
    readIncidentGroups: () => store.readIncidentGroups('i'),
    changeIncident: () => store.changeIncident('i', { status: 'RELEASING' }),
    closeIncident: () => store.closeIncident('i'),
    listOpenIncidents: () => store.listOpenIncidents(),
    readGroups: () => store.readGroups(['a']),
    writeGroup: async () => {
      await store.writeGroup(held).catch(() => {});
      await store.writeGroup({ ...held, holds: [] });
    },
    readLaunches: () => store.readLaunches(['a']),
    writeLaunches: async () => {
      const wait = { instanceId: 'i-1', since: now, from: 'lifecycle event' as const };
      const none = { ...emptyLaunchRecord('a'), version: 1 };
      await store.writeLaunches({ ...none, waits: [wait], onTheWay: ['i-1'] }, none).catch(() => {});
      // Only its waits differ: one is removed, and the record stays as it is.
      await store.writeLaunches(none, { ...none, waits: [wait] });
    },
    addWait: () => store.addWait('a', { instanceId: 'i-1', since: now, from: 'lifecycle event' }),
    addFailure: () => store.addFailure('a', { activityId: 'a', startedAt: now, at: now }),
    readLaunchRules: () => store.readLaunchRules('a'),
    writeLaunchRules: () => store.writeLaunchRules('a', { rules: ['r'], policy: 'p', until: now }),
    readStageMode: () => store.readStageMode(),
    writeStageMode: () => store.writeStageMode({ mode: 'live', since: now }),
    readReadiness: () => store.readReadiness(),
    writeReadiness: () => store.writeReadiness({ at: now, known: {}, scoredAt: {}, version: 1 }),
    publishPolicy: () => store.publishPolicy('rules: []', 'live'),
    readResizes: () => store.readResizes(['a']),
    writeResize: async () => {
      const record = { autoScalingGroupName: 'a', version: 3 };
      await store
        .writeResize({
          ...record,
          work: {
            incidentId: 'i',
            startedAt: '',
            floor: 1,
            waveSize: 1,
            queue: [],
            resizes: [],
            reservations: [],
          },
        })
        .catch(() => {});
      await store.writeResize(record);
    },
    keepEvidence: () =>
      store.keepEvidence('i', {
        instanceId: 'i-1',
        autoScalingGroupName: 'a',
        takenAt: '',
        waitingSince: '',
        waitingSinceFrom: 'lifecycle event',
        launchHooks: [],
        snapshotIds: [],
        problems: [],
      }),
    readEvidence: () => store.readEvidence('i'),
    addNotice: () => store.addNotice(toNotice({ kind: 'acted', at: '', incidentId: 'i', headline: '' })),
    appendJournal: () => store.appendJournal('i', [{ at: '', event: 'planned', text: '' }]),
    readJournal: () => store.readJournal('i'),
  };
  for (const [name, use] of Object.entries(uses)) {
    method = name;
    await use().catch(() => {});
  }
  return actions;
};

/** A scaling policy that may lower desired capacity, and has no reason to. */
const cpu: ScalingPolicy = { type: 'StepScaling', name: 'cpu', above: 1000, add: 1, below: -1, remove: 1 };

/** An alarm that does not say that it has no data. */
const packetLossAlarm = { ...packetLoss.alarms[0], treatMissingData: 'ignore' } as Story['alarms'][number];

/** A rule of each kind, about the same groups. */
const everyRule = parsePolicy(
  {
    rules: [
      {
        name: 'loss',
        when: { alarm: packetLossAlarm.alarmName },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
        mode: 'dry-run',
      },
      {
        name: 'stuck',
        when: { stuckInstances: 1 },
        do: 'drain-pending-wait',
        targets: { tags: { tier: 'web' } },
      },
      {
        name: 'larger',
        when: { alarm: 'memory' },
        do: 'resize-in-place',
        targets: { tags: { tier: 'web' } },
        with: { instanceTypes: ['m7i.xlarge'] },
      },
    ],
  },
  'policy.yml',
);

const stories: (() => Promise<{ result: Awaited<ReturnType<typeof rehearseSmall>>['result'] }>)[] = [
  // Launches fail in twelve groups at once, and in one of them for good.
  () => {
    const names = Array.from({ length: 12 }, (_, n) => `many-${n}`);
    const outcome = {
      kind: 'refused',
      statusMessage: 'We currently do not have sufficient capacity.',
    } as const;
    return rehearseSmall(
      launchIncident({
        groups: names.map((name) => apiGroup(name, scaleOutAt(minutes(10), 6))),
        launchFaults: [
          { name: 'all', groups: names, fromSeconds: 0, untilSeconds: minutes(30), outcome },
          { name: 'one', groups: ['many-11'], fromSeconds: 0, untilSeconds: minutes(999), outcome },
        ],
      }),
      { policy: onlyRules('launches-failing'), quirks: calm, groupsFailingAlone: 0 },
    );
  },
  ...[packetLoss, packageRepository].map(
    (story: Story) => () => rehearseSmall(story, { policy: loadPolicy(), quirks: calm }),
  ),
  // The group belongs to a stack.
  ...(['pause-scaling', 'drain-pending-wait', 'resize-in-place'] as const).map(
    (remediation) => () =>
      rehearseSmall(
        resizeIncident(
          [
            startOf(
              remediation,
              'of-a-stack',
              {
                autoScalingGroupName: 'web',
                reason: 'a test',
                ...{
                  'pause-scaling': { expiresAfter: '10m' },
                  'drain-pending-wait': { olderThan: '10m' },
                  'resize-in-place': { instanceTypes: 'm7i.xlarge' },
                }[remediation],
              },
              60,
            ),
            // In the middle of a resize, once its first wave is over, the stack is updated.
            deed(420, (cloud) =>
              cloud.cloudFormation.updateStack('shop', groupOf(cloud, 'web'), {
                maxBatchSize: 1,
                minInstancesInService: 0,
                pauseSeconds: 600,
              }),
            ),
          ],
          {
            groups: [
              smallGroup('web', {
                tags: { tier: 'web', holdfast: 'true', 'aws:cloudformation:stack-name': 'shop' },
              }),
            ],
            durationSeconds: minutes(40),
          },
        ),
        { quirks: calm },
      ),
  ),
  // The check of readiness, before a resize of what it looks at and during it.
  () =>
    rehearseSmall(
      resizeIncident(
        [
          startResize({ autoScalingGroupName: 'web', reservesCapacity: false }, 'by-hand', 180),
          deed(2, ({ store }) => {
            void store.writeReadiness({
              at: '2021-01-01T00:00:00Z',
              known: {},
              version: 0,
              scoredAt: { loss: '2020-12-24T00:00:00Z' },
            });
          }),
          ...[5, 240].map((atSeconds) =>
            deed(atSeconds, ({ lambda }) => lambda.invokeAsync('checkReadiness', {})),
          ),
        ],
        {
          groups: [
            smallGroup('web', {
              launchTemplateVersion: '$Default',
              tags: { tier: 'web', holdfast: 'true', 'aws:cloudformation:stack-name': 'shop' },
            }),
            smallGroup('plain', { healthCheckType: 'EC2' }),
          ],
          alarms: [packetLossAlarm],
          durationSeconds: minutes(40),
        },
      ),
      { quirks: quiet, policy: everyRule },
    ),
  // Somebody takes a hold back, and CloudTrail is asked who it was.
  () =>
    rehearseSmall(
      smallIncident({
        deeds: [
          {
            atSeconds: lossBeginsAt + minutes(15),
            text: 'somebody resumes a process',
            act: ({ autoScaling }) =>
              void autoScaling.handle('ResumeProcesses', {
                AutoScalingGroupName: 'web-a',
                ScalingProcesses: ['Terminate'],
              }),
          },
        ],
      }),
      { quirks: calm },
    ),
  // A snapshot before, a termination after what nobody abandoned.
  () => {
    const [rule] = onlyRules('stuck-launches').rules;
    if (rule?.drain === undefined) throw new Error('the policy drains nothing');
    return rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: minutes(12),
            text: 'the lifecycle actions get lost',
            act: ({ autoScaling }) => {
              for (const { instances } of autoScaling.groups.values()) {
                for (const instance of instances) instance.actions = [];
              }
            },
          },
        ],
      }),
      { policy: { rules: [{ ...rule, drain: { ...rule.drain, snapshot: true } }] }, quirks: calm },
    );
  },
  // No event and no activity tells of launches: their age is looked up at EC2, by the plan, the rounds and the sweep.
  ...(['packet-loss', 'stuck-launches'] as const).map(
    (rule) => () =>
      rehearseSmall(
        launchIncident({
          deeds: [
            {
              atSeconds: 2,
              text: 'activities are not listed',
              act: ({ autoScaling }: SimulatedCloud) => {
                const { handle } = autoScaling;
                autoScaling.handle = (operation, input) =>
                  operation === 'DescribeScalingActivities' ? { Activities: [] } : handle(operation, input);
              },
            },
            ...(rule === 'packet-loss'
              ? ['first', 'second', 'third'].map((name, index) =>
                  startOf(
                    'drain-pending-wait',
                    name,
                    { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '5m' },
                    minutes(16) + (index === 2 ? 20 : 0),
                  ),
                )
              : []),
          ],
        }),
        { policy: onlyRules(rule), quirks: { ...calm, bestEffortLossRate: 1 } },
      ),
  ),
  // A stuck instance is healed in the very moment in which a breaker is put in force.
  () => {
    let isHealed = false;
    return rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: 2,
            text: 'somebody heals an instance',
            act: ({ autoScaling }) => {
              const { handle } = autoScaling;
              autoScaling.handle = (operation, input) => {
                const group = autoScaling.groups.get('api');
                const instance = group?.instances.find((each) => each.lifecycleState === 'Pending:Wait');
                const isProtected = group?.instances.some((each) => each.protectedFromScaleIn) === true;
                const isTending = runningFunction.getStore() === 'tendBreakers';
                if (isTending && isProtected && !isHealed && instance !== undefined) {
                  isHealed = true;
                  instance.actions = [];
                  delete instance.bootstrapFailure;
                  instance.lifecycleState = 'InService';
                }
                return handle(operation, input);
              };
            },
          },
        ],
      }),
      { policy: onlyRules('stuck-launches', 'launches-failing'), quirks: calm },
    );
  },
  // A task that fails for as long as it is tried again: the execution gives up and gives back.
  () =>
    rehearseSmall(
      smallIncident({
        losses: [],
        durationSeconds: minutes(360),
        deeds: [
          startOf(
            'pause-scaling',
            'by-hand',
            { autoScalingGroupName: 'web-a', reason: 'switch upgrade', expiresAfter: '6h' },
            minutes(5),
          ),
          {
            atSeconds: minutes(10),
            text: 'a task fails',
            act: ({ store, time }) => {
              const { readGroups } = store;
              store.readGroups = async (names) => {
                const fails =
                  runningFunction.getStore() === 'applyHold' && time.elapsedSeconds() < minutes(240);
                if (fails) throw new Error('a mistake of ours');
                return readGroups(names);
              };
            },
          },
        ],
      }),
    ),
  // Executions are stopped again and again, and a policy scaled in: the sweep gives back by itself.
  () =>
    rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web-a', { policies: [cpu] }), smallGroup('web-b')],
        deeds: [
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: ['web-a', 'web-b'], reason: 'nothing can be launched' },
            minutes(5),
          ),
          {
            atSeconds: minutes(15),
            text: 'a policy scales in, and somebody stops every execution',
            act: ({ autoScaling, stepFunctions, time }) => {
              autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web-a', DesiredCapacity: 2 });
              time.every(1, () => {
                for (const [arn, { status }] of stepFunctions.executions) {
                  if (status === 'RUNNING') stepFunctions.stopExecution(arn);
                }
              });
            },
          },
        ],
      }),
    ),
  // A breaker whose group nothing else holds: somebody stops what protects it.
  () =>
    rehearseSmall(
      launchIncident({
        deeds: [
          {
            atSeconds: 2,
            text: 'somebody stops what protects',
            act: ({ stepFunctions, time }) =>
              time.every(60, () => {
                for (const [arn, { machine, status }] of stepFunctions.executions) {
                  if (machine.endsWith('protect-instances') && status === 'RUNNING') {
                    stepFunctions.stopExecution(arn);
                  }
                }
              }),
          },
        ],
      }),
      { policy: onlyRules('stuck-launches'), quirks: calm },
    ),
  // Two holds on one group, one of which the sweep gives back: its tag says what is left.
  () =>
    rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          startOf(
            'pause-scaling',
            'one',
            { autoScalingGroupName: 'web-a', reason: 'switch upgrade' },
            minutes(5),
          ),
          startOf(
            'protect-instances',
            'two',
            { autoScalingGroupName: 'web-a', reason: 'no launches' },
            minutes(6),
          ),
          {
            atSeconds: minutes(10),
            text: 'somebody stops the first',
            act: ({ stepFunctions }) => {
              const [first] = [...stepFunctions.executions.keys()];
              if (first !== undefined) stepFunctions.stopExecution(first);
            },
          },
        ],
      }),
    ),
  // The same, with an end that its own execution sees.
  () =>
    rehearseSmall(
      smallIncident({
        losses: [],
        groups: [smallGroup('web-a', { policies: [cpu] })],
        deeds: [
          startOf(
            'protect-instances',
            'by-hand',
            { autoScalingGroupName: 'web-a', reason: 'nothing can be launched', expiresAfter: '10m' },
            minutes(5),
          ),
          {
            atSeconds: minutes(8),
            text: 'a policy scales in',
            act: ({ autoScaling }) => {
              autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web-a', DesiredCapacity: 2 });
            },
          },
        ],
      }),
    ),
];

/** Resizes: with everything asked for, over the maximum, and one whose permissions are refused. */
stories.push(
  () =>
    rehearseSmall(
      resizeIncident(
        [
          startResize({ waveSize: 3, instanceTypes: 'larger', snapshot: true, updateLaunchTemplate: true }),
          startResize({}, 'another', minutes(5)),
          {
            atSeconds: 3,
            text: 'somebody raises desired capacity to the maximum meanwhile',
            act: ({ ec2, autoScaling }) => {
              const { handle } = ec2;
              ec2.handle = (operation, input) => {
                if (operation === 'StartInstances' && input.DryRun !== true) {
                  autoScaling.handle('SetDesiredCapacity', {
                    AutoScalingGroupName: 'web',
                    DesiredCapacity: 5,
                  });
                }
                return handle(operation, input);
              };
            },
          },
        ],
        {},
        { maxSize: 5, minSize: 4, launchTemplateVersion: '$Default' },
      ),
      { quirks: { ...quiet, endsPendingWhileTerminateIsSuspended: false }, changesLaunchTemplates: true },
    ),
  () =>
    rehearseSmall(
      resizeIncident([
        startResize(),
        {
          atSeconds: 3,
          text: 'EC2 would not allow it',
          act: ({ ec2 }) => {
            const { handle } = ec2;
            ec2.handle = (operation, input) => {
              if (input.DryRun === true)
                throw new CloudError('UnauthorizedOperation', 'You are not authorized.', 403);
              return handle(operation, input);
            };
          },
        },
      ]),
      { quirks: quiet },
    ),
  // Without a load balancer, and so many at once that some start while others stop.
  () =>
    rehearseSmall(
      resizeIncident(
        [startResize({ waveSize: 8 })],
        {},
        { healthCheckType: 'EC2', desiredCapacity: 10, maxSize: 10 },
      ),
      { quirks: quiet },
    ),
  // Some come back and do not get healthy while the stops of others hang.
  () =>
    rehearseSmall(
      resizeIncident(
        [startResize({ waveSize: 8 })],
        { durationSeconds: minutes(120) },
        { desiredCapacity: 10, maxSize: 10 },
      ),
      { quirks: { ...quiet, stuckStopRate: 0.4, deafStartRate: 0.4 }, seed: 3 },
    ),
  // While the breaker holds Launch.
  () =>
    rehearseSmall(
      launchIncident({
        deeds: [
          startOf(
            'resize-in-place',
            'by-hand',
            { autoScalingGroupName: 'api', instanceTypes: 'm7i.xlarge', reason: 'promotion' },
            minutes(55),
          ),
        ],
      }),
      { policy: onlyRules('stuck-launches'), quirks: calm },
    ),
);

const functionNames = readDeployment('prod').functions.map(({ name }) => name);
/** As `prod` is deployed where launch templates may be changed. */
const prod = {
  ...readTemplate('prod'),
  ...permissions.expandPermissions(permissions.readPermissions(), {
    stage: 'prod',
    mode: 'live',
    launchTemplates: 'on',
  }),
} as Template;
const staging = readTemplate('staging');
/** By function, the actions it made in any story. */
const made = new Map<string, Set<string>>();

beforeAll(async () => {
  const ofTable = await tableActions();
  for (const name of functionNames) made.set(name, new Set());
  for (const tell of stories) {
    const { result } = await tell();
    for (const { functionName, service, operation } of result.calls) {
      made.get(functionName)?.add(`${prefixes[service]}:${operation}`);
    }
    for (const [name, methods] of Object.entries(result.storeUses)) {
      for (const method of methods) for (const action of ofTable[method] ?? []) made.get(name)?.add(action);
    }
  }
});

describe('roles', () => {
  it('are one for each function', () => {
    for (const name of functionNames) {
      const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      expect(prod[`${id}LambdaFunction`]?.Properties.Role).toEqual({ 'Fn::Sub': `\${${id}Role.Arn}` });
    }
  });

  it.each(functionNames)('allow %s every call it makes in any story', async (name) => {
    for (const action of made.get(name) ?? []) {
      expect([name, action, await isAllowed(prod, name, action, { holdfast: 'true' })]).toEqual([
        name,
        action,
        true,
      ]);
    }
  });

  it.each(functionNames)('allow %s nothing it never makes', (name) => {
    const needed = [...(made.get(name) ?? [])].sort();
    const allowed = actionsOf(prod, name).filter((action) => !madeByLambda.includes(action));
    expect(allowed.sort()).toEqual(needed);
  });

  it.each(functionNames)('deny %s every change of what does not carry the opt-in tag', async (name) => {
    for (const action of actionsOf(prod, name).filter(isBoundToTag)) {
      for (const tags of [{}, { holdfast: 'false' }]) {
        expect([action, tags, await isAllowed(prod, name, action, tags)]).toEqual([action, tags, false]);
      }
    }
  });

  const optedIn = { holdfast: 'true' };
  const isAllowedWith = (name: string, action: string, sent: Record<string, string>) =>
    isAllowed(prod, name, action, optedIn, resourceOf(action), sent);

  it.each([
    ['the type', { 'ec2:Attribute': 'InstanceType', 'ec2:Attribute/InstanceType': 'm7i.xlarge' }, true],
    ['user data', { 'ec2:Attribute': 'UserData', 'ec2:Attribute/UserData': 'ZWNobw==' }, false],
    [
      'user data beside the type',
      { 'ec2:Attribute/InstanceType': 'm7i.xlarge', 'ec2:Attribute/UserData': 'ZWNobw==' },
      false,
    ],
    [
      'stop protection',
      { 'ec2:Attribute': 'DisableApiStop', 'ec2:Attribute/DisableApiStop': 'false' },
      false,
    ],
    ['what AWS does not tell', {}, false],
  ])('let an instance be changed in its type only: %s', async (_what, sent, allowed) => {
    for (const name of ['changeInstanceType', 'provePermissions']) {
      expect(await isAllowedWith(name, 'ec2:ModifyInstanceAttribute', sent as Record<string, string>)).toBe(
        allowed,
      );
    }
  });

  it.each([
    [{ 'autoscaling:MinSize': '1' }, true],
    [{}, false],
    ...[
      'MaxSize',
      'LaunchConfigurationName',
      'LaunchTemplateVersionSpecified',
      'VPCZoneIdentifiers',
      'ImageId',
      'InstanceTypes',
      'TargetCapacityTypes',
      'CapacityReservationIds',
      'CapacityReservationResourceGroupArns',
    ].map((key): [Record<string, string>, boolean] => [
      {
        'autoscaling:MinSize': '1',
        [`autoscaling:${key}`]: key === 'LaunchTemplateVersionSpecified' ? 'true' : '1',
      },
      false,
    ]),
  ] as [Record<string, string>, boolean][])(
    'let a group be given a minimum and nothing else: %j',
    async (sent, allowed) => {
      for (const name of ['prepareGroup', 'restoreGroup']) {
        expect(await isAllowedWith(name, 'autoscaling:UpdateAutoScalingGroup', sent)).toBe(allowed);
      }
    },
  );

  it.each([
    ['20', 'limited', true],
    ['21', 'limited', false],
    ['1', 'unlimited', false],
  ])('let %s instances be reserved, %s: %s', async (count, end, allowed) => {
    const sent = { 'ec2:InstanceCount': count, 'ec2:EndDateType': end };
    for (const name of ['reserveCapacity', 'provePermissions']) {
      expect(await isAllowedWith(name, 'ec2:CreateCapacityReservation', sent)).toBe(allowed);
    }
  });

  it('show the console of opted-in instances only', async () => {
    for (const [tags, allowed] of [
      [{ holdfast: 'true' }, true],
      [{}, false],
    ] as const) {
      expect(
        await isAllowed(prod, 'keepEvidence', 'ec2:GetConsoleOutput', tags as Record<string, string>),
      ).toBe(allowed);
    }
  });

  it('reach nothing of a stage whose name begins with this one’s', async () => {
    const other = (kind: string, name: string) =>
      `arn:aws:states:${region}:${account}:${kind}:holdfast-prod-eu-${name}`;
    const start = other('stateMachine', 'pause-scaling');
    expect(await isAllowed(prod, 'routeSignal', 'states:StartExecution', {}, start)).toBe(false);
    const execution = other('execution', 'pause-scaling:name');
    expect(await isAllowed(prod, 'sweep', 'states:DescribeExecution', {}, execution)).toBe(false);
    for (const name of ['prod', 'prod-eu']) {
      const group = `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/holdfast-${name}-sweep:log-stream:x`;
      expect(await isAllowed(prod, 'sweep', 'logs:PutLogEvents', {}, group)).toBe(name === 'prod');
    }
    const table = `arn:aws:dynamodb:${region}:${account}:table/holdfast-prod-eu`;
    expect(await isAllowed(prod, 'sweep', 'dynamodb:PutItem', {}, table)).toBe(false);
  });

  it.each(functionNames)('keep %s from table, stream, machines and topic of another stage', async (name) => {
    const of = (stage: string): [RegExp, string][] => [
      [
        /^dynamodb:.*Stream|^dynamodb:Get(Records|ShardIterator)/,
        `arn:aws:dynamodb:${region}:${account}:table/holdfast-${stage}/stream/1`,
      ],
      [/^dynamodb:/, `arn:aws:dynamodb:${region}:${account}:table/holdfast-${stage}`],
      [
        /^states:Start/,
        `arn:aws:states:${region}:${account}:stateMachine:holdfast-${stage}-protect-instances`,
      ],
      [
        /^states:Describe/,
        `arn:aws:states:${region}:${account}:execution:holdfast-${stage}-pause-scaling:name`,
      ],
      [/^sns:/, `arn:aws:sns:${region}:${account}:holdfast-${stage}-notifications`],
      [/^ssm:/, `arn:aws:ssm:${region}:${account}:parameter/holdfast/${stage}/mode`],
    ];
    const own = actionsOf(prod, name).filter((action) => action !== 'dynamodb:ListStreams');
    for (const action of own) {
      const place = (stage: string) => of(stage).find(([actions]) => actions.test(action))?.[1];
      const mine = place('prod');
      if (mine === undefined) continue;
      expect([action, mine, await isAllowed(prod, name, action, {}, mine)]).toEqual([action, mine, true]);
      for (const stage of ['staging', 'prod-eu']) {
        const other = place(stage) ?? '';
        expect([action, other, await isAllowed(prod, name, action, {}, other)]).toEqual([
          action,
          other,
          false,
        ]);
      }
    }
  });

  it.each([
    ['checkReadiness', 'stage', true],
    ['checkReadiness', 'notices', true],
    ['checkReadiness', 'group#web', false],
    ['checkReadiness', 'incidents', false],
    ['applyHold', 'group#web', true],
  ])('let %s write what lies under %s: %s', async (name, key, isMeant) => {
    const put = (sent: Record<string, string[]>) =>
      isAllowed(prod, name, 'dynamodb:PutItem', {}, resourceOf('dynamodb:PutItem'), sent);
    expect(await put({ 'dynamodb:LeadingKeys': [key] })).toBe(isMeant);
    expect(await put({})).toBe(name !== 'checkReadiness');
  });

  it('write into no log group but their own', async () => {
    const group = (name: string) =>
      `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/holdfast-prod-${name}:log-stream:x`;
    expect(await isAllowed(prod, 'sweep', 'logs:PutLogEvents', {}, group('planHold'))).toBe(false);
  });

  it.each(functionNames)('let %s change launch templates only where the stage is told so', (name) => {
    const withoutThem = actionsOf(readTemplate('prod') as Template, name);
    expect(withoutThem.filter((action) => /LaunchTemplate(Version)?$/.test(action))).toEqual([]);
  });

  it('let a function use a key of your own for table and queue, and for nothing else', async () => {
    const use = async (service: string) => {
      const response = await runSimulation(
        {
          request: {
            principal: `arn:aws:iam::${account}:role/sweep`,
            action: 'kms:Decrypt',
            resource: { resource: `arn:aws:kms:${region}:${account}:key/own`, accountId: account },
            contextVariables:
              service === '' ? {} : { 'kms:ViaService': `${service}.${region}.amazonaws.com` },
          },
          identityPolicies: policiesOf(prod, 'sweep', true),
          // The key leaves it to the account's policies.
          resourcePolicy: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: `arn:aws:iam::${account}:root` },
                Action: 'kms:*',
                Resource: '*',
              },
            ],
          },
          serviceControlPolicies: [],
          resourceControlPolicies: [],
        } as Parameters<typeof runSimulation>[0],
        {},
      );
      return (response as { overallResult: string }).overallResult;
    };
    for (const service of ['dynamodb', 'sqs']) expect(await use(service)).toBe('Allowed');
    for (const service of ['', 'ec2', 's3', 'sns']) expect(await use(service)).not.toBe('Allowed');
  });

  it('name every remediation', () => {
    expect(permissions.remediations).toEqual([...remediationNames]);
  });

  it('let nobody change another tag of a group than the one of holds', async () => {
    const group = resourceOf('autoscaling:DeleteTags');
    const change = async (action: string, keys: string[]) => {
      const { overallResult } = (await runSimulation(
        {
          request: {
            principal: `arn:aws:iam::${account}:role/releaseHold`,
            action,
            resource: { resource: group, accountId: account },
            contextVariables: {
              'aws:ResourceTag/holdfast': 'true',
              ...(keys.length === 0 ? {} : { 'aws:TagKeys': keys }),
            },
          },
          identityPolicies: policiesOf(prod, 'releaseHold'),
          serviceControlPolicies: [],
          resourceControlPolicies: [],
        } as Parameters<typeof runSimulation>[0],
        {},
      )) as { overallResult: string };
      return overallResult === 'Allowed';
    };
    for (const action of ['autoscaling:CreateOrUpdateTags', 'autoscaling:DeleteTags']) {
      expect([action, await change(action, ['holdfast-hold'])]).toEqual([action, true]);
      expect([action, await change(action, ['holdfast'])]).toEqual([action, false]);
      expect([action, await change(action, ['holdfast-hold', 'holdfast'])]).toEqual([action, false]);
      expect([action, await change(action, [])]).toEqual([action, false]);
    }
  });

  it('let an open breaker start protect-instances only', async () => {
    const machine = (remediation: string) =>
      `arn:aws:states:${region}:${account}:stateMachine:holdfast-prod-${remediation}`;
    const start = (remediation: string) =>
      isAllowed(prod, 'chooseDrains', 'states:StartExecution', {}, machine(remediation));
    expect([await start('protect-instances'), await start('pause-scaling')]).toEqual([true, false]);
  });

  it('of a stage that is a dry run may change nothing of the fleet', () => {
    expect(JSON.stringify(prod)).toContain('autoscaling:SuspendProcesses');
    for (const name of functionNames) expect(actionsOf(staging, name).filter(isOfFleet)).toEqual([]);
    const iam = Object.values(staging).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
    expect(JSON.stringify(iam)).not.toMatch(/autoscaling:(?!Describe)[A-Z]|ec2:(?!Describe|Get)[A-Z]/);
  });
});
