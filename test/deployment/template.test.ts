import { readFileSync } from 'node:fs';
import aslValidator from 'asl-validator';
import { unzipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { createMeasure } from '../../functions/lambda/measure.ts';
import { loadPolicy } from '../../functions/policy.ts';
import type { Resource } from './read-template.ts';
import { readParameters, readTemplate } from './read-template.ts';

const packaged = new URL('../../.packaged/dev/', import.meta.url);
const Resources = readTemplate('dev');
const ofType = (type: string): Resource[] => Object.values(Resources).filter(({ Type }) => Type === type);

interface Statement {
  Sid?: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: object;
}
interface Policy {
  PolicyDocument: { Statement: Statement[] };
}
/** Also those that there are under a condition only. */
const inlineOf = ({ Properties }: Resource): Policy[] => {
  const policies = (Properties.Policies ?? []) as Policy[] | { 'Fn::If': [string, Policy[], Policy[]] };
  return Array.isArray(policies) ? policies : policies['Fn::If'][1];
};
const statements = [
  ...ofType('AWS::IAM::Role').flatMap(inlineOf),
  ...ofType('AWS::IAM::Policy').map(({ Properties }) => Properties as unknown as Policy),
].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
const actionsOf = ({ Action }: Statement): string[] => [Action].flat();

describe('the packaged template', () => {
  it('deploys every function on the pinned runtime', () => {
    const functions = ofType('AWS::Lambda::Function');
    expect(functions).toHaveLength(29);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Environment: { Variables: { HOLDFAST_STAGE_MODE: 'dry-run', HOLDFAST_TABLE: 'holdfast-dev' } },
      });
      expect(Properties).not.toHaveProperty('VpcConfig');
    }
  });

  it('does not own the kill switch: a deploy would throw back what was thrown', () => {
    expect(ofType('AWS::SSM::Parameter')).toEqual([]);
    expect(Resources.SweepLambdaFunction?.Properties).toMatchObject({
      Environment: { Variables: { HOLDFAST_KILL_SWITCH_PARAMETER: '/holdfast/dev/mode' } },
    });
  });

  it('routes alarms in ALARM only, tries again for a quarter of an hour, and keeps what failed', () => {
    const rule = ofType('AWS::Events::Rule').find(
      ({ Properties }) =>
        (Properties.EventPattern as { source?: string[] } | undefined)?.source?.[0] === 'aws.cloudwatch',
    );
    expect(rule?.Properties).toMatchObject({
      EventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        detail: { state: { value: ['ALARM'] } },
      },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': ['RouteSignalLambdaFunction', 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: 900 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } },
        },
      ],
    });
  });

  it('routes failed launches and launch hooks the same way', () => {
    const rule = ofType('AWS::Events::Rule').find(
      ({ Properties }) =>
        (Properties.EventPattern as { source?: string[] } | undefined)?.source?.[0] === 'aws.autoscaling',
    );
    expect(rule?.Properties).toMatchObject({
      EventPattern: {
        source: ['aws.autoscaling'],
        'detail-type': ['EC2 Instance Launch Unsuccessful', 'EC2 Instance-launch Lifecycle Action'],
      },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': ['RouteSignalLambdaFunction', 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } },
        },
      ],
    });
  });

  it('deploys a state machine for each remediation, under its name', () => {
    expect(
      ofType('AWS::StepFunctions::StateMachine')
        .map(({ Properties }) => Properties.StateMachineName)
        .sort(),
    ).toEqual(remediationNames.map((remediation) => `holdfast-dev-${remediation}`).sort());
  });

  it('tells the shared machine of holds which remediation it is', () => {
    const told = ofType('AWS::StepFunctions::StateMachine').flatMap(({ Properties }) => {
      const { Remediation } = Properties.DefinitionSubstitutions as Record<string, unknown>;
      return Remediation === undefined ? [] : [[Properties.StateMachineName, `holdfast-dev-${Remediation}`]];
    });
    expect(told.length).toBeGreaterThan(1);
    for (const [name, ofRemediation] of told) expect(name).toBe(ofRemediation);
  });

  it('keeps an alarm event that no function could take', () => {
    expect(Resources.RouteSignalLambdaEvConf?.Properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } } },
      MaximumEventAgeInSeconds: 900,
      MaximumRetryAttempts: 2,
    });
  });

  it('gives every function time for the SDK to try five times', () => {
    for (const { Properties } of ofType('AWS::Lambda::Function')) {
      expect(Properties.Timeout).toBeGreaterThanOrEqual(60);
    }
  });

  const machines = ofType('AWS::StepFunctions::StateMachine').map(
    ({ Properties }) => [String(Properties.StateMachineName), Properties] as const,
  );

  it.each(machines)('gives every placeholder of %s a value', (_name, properties) => {
    const text = JSON.stringify(properties.Definition);
    const placeholders = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(Object.keys(properties.DefinitionSubstitutions as object).sort()).toEqual(
      [...placeholders].sort(),
    );
  });

  it.each(machines)('holds in %s a state machine that a validator accepts', (_name, properties) => {
    const text = JSON.stringify(properties.Definition).replace(
      /\$\{(\w+)FunctionArn\}/g,
      'arn:aws:lambda:us-east-1:123456789012:function:$1',
    );
    const { isValid, errorsText } = aslValidator(JSON.parse(text));
    expect(isValid ? '' : errorsText('\n')).toBe('');
  });

  it('allows nothing on everything but looking, and what Step Functions needs for its own logs', () => {
    const machineRole = Resources.StateMachineRole;
    const ofLogs =
      machineRole === undefined
        ? []
        : inlineOf(machineRole).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const forLogs = /^logs:(Create|Update|Delete)LogDelivery$|^logs:PutResourcePolicy$/;
    for (const statement of statements) {
      for (const action of actionsOf(statement)) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
      const isEverything = [statement.Resource].flat().includes('*');
      if (isEverything) {
        const others = actionsOf(statement).filter(
          (action) => !(ofLogs.includes(statement) && forLogs.test(action)),
        );
        for (const action of others) expect(action).toMatch(/:(Describe|List|Get|Lookup)/);
      }
    }
  });

  it('reads what people are told from the stream of the table, together and one batch at a time', () => {
    const [mapping, ...others] = ofType('AWS::Lambda::EventSourceMapping');
    expect(others).toEqual([]);
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
      FunctionName: { 'Fn::GetAtt': ['TellPeopleLambdaFunction', 'Arn'] },
      MaximumBatchingWindowInSeconds: 30,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } } },
      FilterCriteria: {
        Filters: [
          {
            Pattern: JSON.stringify({
              eventName: ['INSERT'],
              dynamodb: { Keys: { pk: { S: ['notices'] } } },
            }),
          },
        ],
      },
    });
    // The mapping polls as soon as it is there, and needs the policy of its role for that.
    expect(mapping).toMatchObject({ DependsOn: expect.arrayContaining(['TellPeoplePolicy']) });
    expect(Resources.Table?.Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_IMAGE' });
  });

  it('has one sweep at a time, logs as JSON that are kept for 90 days, and names that no other stage has', () => {
    expect(Resources.SweepLambdaFunction?.Properties.ReservedConcurrentExecutions).toEqual({
      'Fn::If': ['ReservesConcurrency', 1, { Ref: 'AWS::NoValue' }],
    });
    for (const { Properties } of ofType('AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({ LoggingConfig: { LogFormat: 'JSON' } });
    }
    for (const { Properties } of ofType('AWS::Logs::LogGroup')) expect(Properties.RetentionInDays).toBe(90);
    // Errors only, without inputs and outputs, and no traces.
    for (const { Properties } of ofType('AWS::StepFunctions::StateMachine')) {
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: 'ERROR', IncludeExecutionData: false });
      expect(Properties.TracingConfiguration).toEqual({ Enabled: false });
    }
    for (const { Properties } of ofType('AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmName).toMatch(/^holdfast-dev-/);
      expect(Properties.AlarmActions).toEqual([{ Ref: 'NotificationTopic' }]);
    }
  });

  it('keeps what no function could be started with, of every rule', () => {
    const rules = ofType('AWS::Events::Rule');
    expect(rules).toHaveLength(6);
    for (const { Properties } of rules) {
      for (const target of Properties.Targets as object[]) {
        expect(target).toMatchObject({
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 900 },
        });
      }
    }
  });

  it('names nothing that is of the whole account without its Region', () => {
    // Dashboards, and roles and buckets where they are named: two Regions of one account have a stack each.
    const named = ofType('AWS::CloudWatch::Dashboard').map(({ Properties }) => Properties.DashboardName);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
    expect(named).toEqual([{ 'Fn::Sub': 'holdfast-dev-${AWS::Region}' }]);
    for (const { Properties } of ofType('AWS::IAM::Role')) expect(Properties).not.toHaveProperty('RoleName');
    for (const { Properties } of ofType('AWS::S3::Bucket'))
      expect(Properties).not.toHaveProperty('BucketName');
  });

  it('has a default for each parameter that the parameter itself allows', () => {
    for (const [name, { Default, AllowedPattern, AllowedValues }] of Object.entries(readParameters('dev'))) {
      expect([name, typeof Default]).toEqual([name, 'string']);
      const isAllowed =
        AllowedValues?.includes(Default ?? '') ?? new RegExp(`^(?:${AllowedPattern})$`).test(Default ?? '');
      expect([name, Default, isAllowed]).toEqual([name, Default, true]);
    }
  });

  it('takes boundary, path and key of its parameters, and none by default', () => {
    for (const { Properties } of ofType('AWS::IAM::Role')) {
      expect(Properties).toMatchObject({
        Path: { Ref: 'RolePath' },
        PermissionsBoundary: {
          'Fn::If': [
            'HasPermissionsBoundary',
            // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
            { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundaryName}' },
            { Ref: 'AWS::NoValue' },
          ],
        },
      });
    }
    const own = { 'Fn::If': ['HasOwnKey', { Ref: 'KmsKeyArn' }, { Ref: 'AWS::NoValue' }] };
    for (const { Properties } of ofType('AWS::Logs::LogGroup')) expect(Properties.KmsKeyId).toEqual(own);
    expect(ofType('AWS::Logs::LogGroup')).toHaveLength(30);
    expect(Resources.Table?.Properties.SSESpecification).toMatchObject({ KMSMasterKeyId: own });
    expect(Resources.DeadLetterQueue?.Properties.KmsMasterKeyId).toEqual(own);
    expect(Resources.NotificationTopic?.Properties.KmsMasterKeyId).toEqual({
      'Fn::If': ['HasOwnKey', { Ref: 'KmsKeyArn' }, { Ref: 'NotificationKey' }],
    });
  });

  it('watches the metrics that are measured, under the dimension under which they are', () => {
    const lines: string[] = [];
    // Powertools then writes to the console that a test can see.
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    createMeasure('dev')({ OverdueIncidents: 1, SecondsFromAlarmToHold: 7 });
    log.mockRestore();
    vi.unstubAllEnvs();
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ service: 'holdfast-dev', OverdueIncidents: 1 });
    expect(Resources.OverdueHoldsAlarm?.Properties).toMatchObject({
      Namespace: 'Holdfast',
      MetricName: 'OverdueIncidents',
      Dimensions: [{ Name: 'service', Value: 'holdfast-dev' }],
    });
    const body = Resources.Dashboard?.Properties.DashboardBody as { 'Fn::Sub': string } | undefined;
    const { widgets } = JSON.parse(body?.['Fn::Sub'] ?? '{}') as {
      widgets: { properties: { metrics?: unknown[][] } }[];
    };
    const own = widgets
      .flatMap(({ properties }) => properties.metrics ?? [])
      .filter(([namespace]) => namespace === 'Holdfast');
    expect(new Set(own.map(([, name]) => name))).toEqual(
      new Set([
        'OpenIncidents',
        'OverdueIncidents',
        'GroupsHeld',
        'SecondsFromAlarmToHold',
        'InstancesDrained',
        'InstancesResized',
        'Refusals',
        'NeedsAPerson',
      ]),
    );
    for (const [, , dimension, value] of own) expect([dimension, value]).toEqual(['service', 'holdfast-dev']);
  });

  it('takes nothing over an unencrypted connection', () => {
    for (const type of ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
      const [policy] = ofType(type).map(({ Properties }) => Properties as unknown as Policy);
      expect(policy?.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  it('watches without an alarm on the first deploy, and without one for a wrong input by hand', () => {
    // Nothing ever measured: FILL has nothing to fill, and missing data changes no state.
    expect(Resources.SweepAlarm?.Properties).toMatchObject({
      TreatMissingData: 'ignore',
      Metrics: [{ Expression: 'FILL(invocations, 0)' }, { Id: 'invocations' }],
    });
    for (const { Properties } of ofType('AWS::CloudWatch::Alarm')) {
      expect(['ignore', 'notBreaching']).toContain(Properties.TreatMissingData);
    }
    expect(Resources.FailedExecutionsAlarm?.Properties).toMatchObject({
      Namespace: 'Holdfast',
      MetricName: 'FailedExecutions',
      Dimensions: [{ Name: 'service', Value: 'holdfast-dev' }],
    });
    // In double quotes a search is an exact match, and no function has that name.
    const body = Resources.Dashboard?.Properties.DashboardBody as { 'Fn::Sub': string };
    expect(body['Fn::Sub']).toContain("FunctionName=holdfast-dev'");
  });

  it('keeps the table with its stack gone', () => {
    expect(Resources.Table).toMatchObject({
      // Of a first deploy that fails nothing is left that would stand in the way of the next.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
    });
  });
});

describe('a bundle', () => {
  const bundle = (name: string): string =>
    Object.values(unzipSync(readFileSync(new URL(`${name}.zip`, packaged))))
      .map((content) => new TextDecoder().decode(content))
      .join();

  it('has the policy as data where rules are read, and no YAML parser', () => {
    for (const name of ['routeSignal', 'planHold', 'planDrain', 'planResize', 'sweep']) {
      expect(bundle(name)).toContain(JSON.stringify(loadPolicy().rules[0]?.when.alarm).slice(1, -1));
      expect(bundle(name)).not.toContain('YAMLParseError');
    }
  });

  it('of the hold path does not import the EC2 client', () => {
    const holdPath = ['routeSignal', 'planHold', 'applyHold', 'checkHold', 'releaseHold', 'reportHold'];
    const withoutEc2 = [
      'tendBreakers',
      'abandonLaunches',
      'reportDrain',
      'reportResize',
      'prepareGroup',
      'restoreGroup',
    ];
    for (const name of [...holdPath, ...withoutEc2]) {
      expect(bundle(name)).not.toContain('AmazonEC2');
    }
  });
});
