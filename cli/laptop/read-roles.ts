import { readFileSync } from 'node:fs';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import {
  type ContextEntry,
  type EvaluationResult,
  IAMClient,
  paginateSimulatePrincipalPolicy,
} from '@aws-sdk/client-iam';
import pMap from 'p-map';
import { parse } from 'yaml';
import { UnreadableFactError } from '../../functions/domain/errors.ts';
import type { Mode } from '../../functions/domain/mode.ts';
import type { RoleDenial } from '../../functions/domain/readiness/readiness-facts.ts';
import { firstOf } from '../../functions/domain/times.ts';
import type { Account } from './account.ts';

/** What `infra/permissions.yml` says, as far as this reads it. */
interface Permissions {
  conditions: Record<string, Record<string, Record<string, unknown>>>;
  grants: Record<string, Grant>;
  fleetGrants: Record<string, Grant>;
  functions: Record<string, unknown[]>;
}
type Grant = Allowed | Allowed[];
interface Allowed {
  may?: string | string[];
  never?: string | string[];
  where?: string;
}

/** Simulations at once: IAM has few calls a second for a whole account. */
const rolesAtOnce = 4;

const readPermissions = (): Permissions =>
  parse(readFileSync(new URL('../../infra/permissions.yml', import.meta.url), 'utf8'), {
    merge: true,
    maxAliasCount: -1,
  }) as Permissions;

/** The actions that each function needs in a stage of this mode. */
const neededActions = (
  { grants, fleetGrants, functions }: Permissions,
  mode: Mode,
): Map<string, string[]> => {
  const all = new Map(Object.entries({ ...grants, ...(mode === 'live' ? fleetGrants : {}) }));
  const actionsOf = (grant: string): string[] => [all.get(grant) ?? []].flat().flatMap(({ may = [] }) => may);
  return new Map(
    Object.entries(functions).map(([name, list]) => [
      name,
      [...new Set((list.flat(Number.POSITIVE_INFINITY) as string[]).flatMap(actionsOf))],
    ]),
  );
};

const typeOf: Record<string, ContextEntry['ContextKeyType']> = {
  Bool: 'boolean',
  NumericLessThanEquals: 'numeric',
  'ForAllValues:StringEquals': 'stringList',
};

/** A value as it is deployed: CloudFormation's functions resolved. */
const textOf = (value: unknown, region: string): string =>
  typeof value === 'string'
    ? value
    : String(Reflect.get(value as object, 'Fn::Sub'))
        .replace(/\$\{AWS::Region\}/, region)
        .replace(/\$\{AWS::URLSuffix\}/, 'amazonaws.com');

/**
 * Circumstances in which the grants hold: a group that opted in, a change of the type only, and so on. Without them
 * every action that depends on some would be denied.
 */
const circumstances = ({ conditions, grants, fleetGrants }: Permissions, region: string): ContextEntry[] => {
  const used = new Set(
    [...Object.values(grants), ...Object.values(fleetGrants)]
      .flat()
      .flatMap(({ may, where }) => (may === undefined || where === undefined ? [] : [where])),
  );
  const entries = new Map<string, ContextEntry>([
    [
      'aws:RequestedRegion',
      { ContextKeyName: 'aws:RequestedRegion', ContextKeyType: 'string', ContextKeyValues: [region] },
    ],
  ]);
  for (const name of used) {
    for (const [operator, keys] of Object.entries(conditions[name] ?? {})) {
      for (const [key, said] of Object.entries(keys)) {
        // "Null: true" means that it must not be there.
        if (entries.has(key) || (operator === 'Null' && said !== 'false')) continue;
        const [value = ''] = [said].flat();
        entries.set(key, {
          ContextKeyName: key,
          ContextKeyType: typeOf[operator] ?? 'string',
          ContextKeyValues: [operator === 'Null' ? '1' : textOf(value, region)],
        });
      }
    }
  }
  return [...entries.values()];
};

/** Who denies an action, whatever the role itself allows; what depends on other circumstances nobody can say. */
const deniedBy = (result: EvaluationResult): RoleDenial['by'] | undefined => {
  if ((result.MissingContextValues ?? []).length > 0) return undefined;
  if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'ORGANIZATION';
  if (result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false) return 'BOUNDARY';
  return undefined;
};

/** The roles of a stack by the function that each is for. */
const rolesOf = async (account: Account, stack: string): Promise<Map<string, string>> => {
  const client = account.connect(CloudFormationClient, 'dry-run');
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  const path =
    Stacks[0]?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'RolePath')?.ParameterValue ?? '/';
  const roles = new Map<string, string>();
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: stack },
  )) {
    for (const { ResourceType, LogicalResourceId = '', PhysicalResourceId } of StackResourceSummaries) {
      if (ResourceType !== 'AWS::IAM::Role' || PhysicalResourceId === undefined) continue;
      const name = LogicalResourceId.replace(/Role$/, '');
      roles.set(
        `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
        `arn:${account.partition}:iam::${account.accountId}:role${path}${PhysicalResourceId}`,
      );
    }
  }
  return roles;
};

/**
 * What a permissions boundary or the organization denies the roles of a deployed stage: their own policies are those of the
 * template. A few calls of CloudFormation, and one of IAM for each role.
 *
 * @throws UnreadableFactError when the stack has not the roles that it should have
 * @throws what AWS answers, where the caller may not simulate
 */
export const readRoleDenials = async (account: Account, stage: string, mode: Mode): Promise<RoleDenial[]> => {
  const permissions = readPermissions();
  const needed = neededActions(permissions, mode);
  const stack = `holdfast-${stage}`;
  const roles = await rolesOf(account, stack);
  const missing = [...needed.keys()].filter((name) => !roles.has(name));
  if (missing.length > 0)
    throw new UnreadableFactError(`the stack ${stack} has no role for ${firstOf(missing, 5)}`);
  const ContextEntries = circumstances(permissions, account.region);
  const client = account.connect(IAMClient, 'dry-run');
  const denials = await pMap(
    [...needed].filter(([, actions]) => actions.length > 0),
    async ([functionName, ActionNames]): Promise<RoleDenial[]> => {
      const found: { by: RoleDenial['by']; action: string }[] = [];
      const PolicySourceArn = roles.get(functionName);
      for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy(
        { client },
        { PolicySourceArn, ActionNames, ContextEntries },
      )) {
        for (const result of EvaluationResults) {
          const by = deniedBy(result);
          if (by !== undefined) found.push({ by, action: result.EvalActionName ?? '' });
        }
      }
      return [...Map.groupBy(found, ({ by }) => by)].map(([by, some]) => ({
        functionName,
        by,
        actions: some.map(({ action }) => action),
      }));
    },
    { concurrency: rolesAtOnce },
  );
  return denials.flat();
};
