import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describePermissions, readStageOptions } from '../../cli/permissions.ts';
import resources from '../../infra/expand-permissions.cjs';
import type { Resource } from './read-template.ts';
import { readTemplate } from './read-template.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const Resources = readTemplate('prod');

/** The names under which resources are deployed, where an upgrade would have to replace what has another one. */
const nameOf = ({ Properties }: Resource): string => {
  const given =
    Properties.FunctionName ?? Properties.StateMachineName ?? Properties.TableName ?? Properties.Name;
  return typeof given === 'string' ? ` ${given}` : '';
};

/*
 * What is deployed in accounts out there. Running executions call functions by their names, and CloudFormation replaces
 * what has another logical id: a line that changes here is a change of what an upgrade does.
 */
describe('what is deployed', () => {
  it('has the logical ids and names that it had', () => {
    const found = Object.entries(Resources)
      .map(([id, resource]) => `${resource.Type} ${id}${nameOf(resource)}`)
      .sort();
    expect(
      `${found.join('\n')}\n`,
      'a line that is new belongs into test/fixtures/deployed/resources.txt; one that changes would replace what runs',
    ).toBe(read('test/fixtures/deployed/resources.txt'));
  });

  it('has the permissions that it had: npm run permissions prints them', async () => {
    expect(
      `${describePermissions(await readStageOptions('prod', []))}\n`,
      'a permission that is meant: npm run -s permissions > test/fixtures/deployed/permissions.txt',
    ).toBe(read('test/fixtures/deployed/permissions.txt'));
  });

  it.each(['dev', 'prod'])('tells every role of %s, in its own mode', async (stage) => {
    const told = describePermissions(await readStageOptions(stage, []));
    const roles = Object.entries(readTemplate(stage)).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(
      told
        .split('\n')
        .filter((line) => !line.startsWith(' '))
        .sort(),
    ).toEqual(roles.map(([id]) => id).sort());
    expect(told.includes('autoscaling:SuspendProcesses')).toBe(stage === 'prod');
    expect(told).not.toContain('[object');
  });

  it('tells what parameters add, and refuses a stage that there is not', async () => {
    const told = describePermissions(await readStageOptions('prod', ['launchTemplates=on', 'tracing=on']));
    expect(told).toContain('ec2:CreateLaunchTemplateVersion');
    expect(told.match(/xray:PutTraceSegments/g)).toHaveLength(30);
    await expect(readStageOptions('nope', [])).rejects.toThrow(
      'stage: found "nope"; allowed: dev, staging, prod',
    );
  });

  it('packages the permissions that infra/permissions.yml says', () => {
    const said = resources.expandPermissions(resources.readPermissions(), { stage: 'prod', mode: 'live' });
    const packaged = Object.fromEntries(Object.keys(said).map((id) => [id, Resources[id]?.Properties]));
    expect(packaged).toEqual(
      Object.fromEntries(Object.entries(said).map(([id, { Properties }]) => [id, Properties])),
    );
    const others = Object.entries(Resources).filter(
      ([id, { Type }]) => Type.startsWith('AWS::IAM::') && said[id] === undefined,
    );
    expect(others.map(([id]) => id)).toEqual(['StateMachineRole']);
  });

  const withSpare = (spare: { may: string | string[]; on: string; where?: string; were?: string }) => ({
    functions: { sweep: ['spare'] },
    grants: { spare },
  });

  it.each([
    [
      'a grant that there is none of',
      { ...withSpare({ may: 'a:B', on: '*' }), functions: { sweep: ['spare', 'sweep-all'] } },
      /functions\.sweep: found "sweep-all"; allowed: spare/,
    ],
    [
      'a thing that there is none of',
      withSpare({ may: 'logs:PutLogEvents', on: 'log' }),
      /grant spare, on: found "log"; allowed: logs/,
    ],
    [
      'a condition that there is none of',
      withSpare({ may: 'logs:PutLogEvents', on: '*', where: 'tagged' }),
      /grant spare, where: found "tagged"; allowed: optedIn/,
    ],
    [
      'a word that there is none of, which would drop the condition',
      withSpare({ may: 'logs:PutLogEvents', on: '*', were: 'optedIn' }),
      /grant spare: found "were"; allowed: may, never, on, where/,
    ],
    ['a grant that allows nothing', withSpare({ may: [], on: '*' }), /grant spare, may: found nothing/],
    [
      'a grant that no function has',
      { ...withSpare({ may: 'a:C', on: '*' }), functions: { sweep: [] } },
      /no function has the grant "spare"/,
    ],
    [
      'a grant that stands in two lists',
      {
        ...withSpare({ may: 'a:B', on: '*' }),
        fleetGrantsWhere: { tracing: { spare: { may: 'a:B', on: '*' } } },
      },
      /two lists of grants have "spare"/,
    ],
  ])('refuses %s by name', (_what, change, message) => {
    const empty = { functions: {}, grants: {}, fleetGrants: {}, fleetGrantsWhere: {} };
    expect(() =>
      resources.expandPermissions(
        { ...resources.readPermissions(), ...empty, ...change },
        { stage: 'prod', mode: 'live' },
      ),
    ).toThrow(message);
  });

  it('gives what a parameter allows only where it is on, and in a live stage', () => {
    const expand = (mode: 'live' | 'dry-run', launchTemplates: 'on' | 'off') =>
      Object.keys(
        resources.expandPermissions(resources.readPermissions(), { stage: 'prod', mode, launchTemplates }),
      ).includes('UpdateLaunchTemplatesPolicy');
    expect([expand('live', 'on'), expand('live', 'off'), expand('dry-run', 'on')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('sends traces only where tracing is on', () => {
    const policies = (tracing: 'on' | 'off') =>
      JSON.stringify(
        resources.expandPermissions(resources.readPermissions(), { stage: 'prod', mode: 'live', tracing }),
      );
    expect(policies('on')).toContain('xray:PutTraceSegments');
    expect(policies('off')).not.toContain('xray:');
  });
});
