import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describePermissions } from '../../cli/permissions.ts';
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

  it('has the permissions that it had: npm run permissions prints them', () => {
    expect(
      `${describePermissions('prod', 'live')}\n`,
      'a permission that is meant: npm run -s permissions > test/fixtures/deployed/permissions.txt',
    ).toBe(read('test/fixtures/deployed/permissions.txt'));
  });

  it('packages the permissions that infra/permissions.yml says', () => {
    const said = resources.expandPermissions(resources.readPermissions(), 'prod', 'live');
    const packaged = Object.fromEntries(Object.keys(said).map((id) => [id, Resources[id]?.Properties]));
    expect(packaged).toEqual(
      Object.fromEntries(Object.entries(said).map(([id, { Properties }]) => [id, Properties])),
    );
    const others = Object.entries(Resources).filter(
      ([id, { Type }]) => Type.startsWith('AWS::IAM::') && said[id] === undefined,
    );
    expect(others.map(([id]) => id)).toEqual(['StateMachineRole']);
  });

  it.each([
    [
      'a grant that there is none of',
      { functions: { sweep: ['sweep-all'] } },
      /functions\.sweep: found "sweep-all"; allowed: write-logs/,
    ],
    [
      'a thing that there is none of',
      { functions: {}, grants: { 'write-logs': { may: 'logs:PutLogEvents', on: 'log' } } },
      /grant write-logs, on: found "log"; allowed: logs/,
    ],
    [
      'a condition that there is none of',
      { functions: {}, grants: { 'write-logs': { may: 'logs:PutLogEvents', on: '*', where: 'tagged' } } },
      /grant write-logs, where: found "tagged"; allowed: optedIn/,
    ],
    [
      'a word that there is none of, which would drop the condition',
      { functions: {}, grants: { 'write-logs': { may: 'logs:PutLogEvents', on: '*', were: 'optedIn' } } },
      /grant write-logs: found "were"; allowed: may, never, on, where/,
    ],
    [
      'a grant that allows nothing',
      { functions: {}, grants: { 'write-logs': { may: [], on: '*' } } },
      /grant write-logs, may: found nothing/,
    ],
    [
      'a grant that no function has',
      {
        functions: { sweep: [] },
        grants: { 'write-logs': { may: 'a:B', on: '*' }, spare: { may: 'a:C', on: '*' } },
      },
      /no function has the grant "spare"/,
    ],
    [
      'a grant that stands in both lists',
      { fleetGrants: { 'write-logs': { may: 'a:B', on: '*' } } },
      /grants and fleetGrants both have "write-logs"/,
    ],
  ])('refuses %s by name', (_what, change, message) => {
    expect(() =>
      resources.expandPermissions({ ...resources.readPermissions(), ...change }, 'prod', 'live'),
    ).toThrow(message);
  });
});
