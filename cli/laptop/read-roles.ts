import { readFileSync } from 'node:fs';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { type EvaluationResult, IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import pMap from 'p-map';
import { parse } from 'yaml';
import type { RoleDenial } from '../../functions/domain/readiness/readiness-facts.ts';
import type { Account } from './account.ts';

/** What `infra/permissions.yml` grants, as far as this reads it. */
interface Permissions {
  grants: Record<string, Grant>;
  fleetGrants: Record<string, Grant>;
  functions: Record<string, unknown[]>;
}
type Grant = Allowed | Allowed[];
interface Allowed {
  may?: string | string[];
}

/** Simulations at once: IAM has few calls a second for a whole account. */
const rolesAtOnce = 4;

/** The actions that each function needs in a live stage. */
const neededActions = (): Map<string, string[]> => {
  const file = new URL('../../infra/permissions.yml', import.meta.url);
  const { grants, fleetGrants, functions } = parse(readFileSync(file, 'utf8'), {
    merge: true,
    maxAliasCount: -1,
  }) as Permissions;
  const all: Record<string, Grant> = { ...grants, ...fleetGrants };
  const actionsOf = (grant: string): string[] => [all[grant] ?? []].flat().flatMap(({ may = [] }) => may);
  return new Map(
    Object.entries(functions).map(([name, list]) => [
      name,
      [...new Set((list.flat(Number.POSITIVE_INFINITY) as string[]).flatMap(actionsOf))],
    ]),
  );
};

/** Who denies an action, whatever the role itself allows; what depends on circumstances nobody can say. */
const deniedBy = (result: EvaluationResult): RoleDenial['by'] | undefined => {
  if ((result.MissingContextValues ?? []).length > 0) return undefined;
  if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'ORGANIZATION';
  if (result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false) return 'BOUNDARY';
  return undefined;
};

/**
 * What a permissions boundary or the organization denies the roles of a deployed stage: their own policies are those of the
 * template. One call of CloudFormation, and one of IAM for each role.
 *
 * @throws what AWS answers, where the caller may not simulate
 */
export const readRoleDenials = async (account: Account, stage: string): Promise<RoleDenial[]> => {
  const needed = neededActions();
  const { StackResources = [] } = await account
    .connect(CloudFormationClient, 'dry-run')
    .send(new DescribeStackResourcesCommand({ StackName: `holdfast-${stage}` }));
  const client = account.connect(IAMClient, 'dry-run');
  const roles = StackResources.flatMap(({ ResourceType, LogicalResourceId = '', PhysicalResourceId }) => {
    const name = LogicalResourceId.replace(/Role$/, '');
    const functionName = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const actions = needed.get(functionName);
    return ResourceType !== 'AWS::IAM::Role' || actions === undefined || PhysicalResourceId === undefined
      ? []
      : [{ functionName, actions, roleName: PhysicalResourceId }];
  });
  const denials = await pMap(
    roles,
    async ({ functionName, actions, roleName }): Promise<RoleDenial[]> => {
      const found: { by: RoleDenial['by']; action: string }[] = [];
      const pages = paginateSimulatePrincipalPolicy(
        { client },
        {
          PolicySourceArn: `arn:${account.partition}:iam::${account.accountId}:role/${roleName}`,
          ActionNames: actions,
        },
      );
      for await (const { EvaluationResults = [] } of pages) {
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
