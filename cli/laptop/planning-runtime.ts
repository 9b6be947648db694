import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Remediation, remediationNames } from '../../functions/domain/remediation-names.ts';
import type { Policy } from '../../functions/events/policy.ts';
import type { Runtime } from '../../functions/lambda/runtime.ts';
import { createStore } from '../../functions/state/create-store.ts';
import { createDynamoDbTable } from '../../functions/state/dynamodb-table.ts';
import { createMemoryTable } from '../../rehearsal/memory-table.ts';
import type { Account } from './account.ts';
import { stateMachineArn } from './deployed-stage.ts';
import { readOnlyTable } from './read-only-table.ts';

/**
 * The runtime of a plan on somebody's own machine: the functions' own tasks, through a gate that lets nothing but reading
 * through, with a memory of their own.
 *
 * @param stage whose names the plan bears
 * @param readsTable whether the stage is deployed, and its table read for what it holds already
 */
export const createPlanningRuntime = (
  account: Account,
  policy: Policy,
  stage: string,
  readsTable: boolean,
): Runtime => {
  const memory = createMemoryTable(() => {}, false);
  let writers = 0;
  const newOwner = (): string => {
    writers += 1;
    return `plan-${writers}`;
  };
  const tableName = `holdfast-${stage}`;
  const table = readsTable
    ? readOnlyTable(createDynamoDbTable(account.connect(DynamoDBClient, 'live'), tableName), memory)
    : memory;
  return {
    config: {
      stage,
      stageMode: 'dry-run',
      killSwitchParameter: `/holdfast/${stage}/mode`,
      tableName,
      // Whether it is allowed is a matter of the deployment; a plan shows it.
      changesLaunchTemplates: true,
    },
    clock: account.clock,
    store: createStore(table, account.clock, newOwner),
    connect: account.connect,
    policy: () => policy,
    policyText: () => JSON.stringify(policy),
    stateMachineArns: () =>
      Object.fromEntries(
        remediationNames.map((remediation) => [remediation, stateMachineArn(account, stage, remediation)]),
      ) as Record<Remediation, string>,
    // A plan is no execution: what would stop one is said by holdfast check.
    killSwitch: { read: async () => ({ mode: 'live' }) },
    measure: () => {},
    newOwner,
  };
};
