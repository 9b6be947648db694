import { readFileSync } from 'node:fs';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';

const account = '123456789012';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${account}:${rest}`;

/** Whether a policy of `docs/examples` allows an action. */
const mayWith = async (name: string, action: string, resource: string): Promise<boolean> => {
  const file = new URL(`../../docs/examples/${name}.policy.json`, import.meta.url);
  const response = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/person`,
        action,
        resource: { resource, accountId: account },
        contextVariables: {},
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
