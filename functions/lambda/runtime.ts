import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Connect, createConnect } from '../aws/connect.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Remediation } from '../domain/remediation-names.ts';
import type { Measure } from '../domain/telling/metrics.ts';
import type { Policy } from '../events/policy.ts';
import { loadPolicy, readPolicyText } from '../policy.ts';
import { createDynamoDbStore } from '../state/dynamodb-store.ts';
import type { Store } from '../state/store.ts';
import { type Config, readConfig, stateMachineArns } from './config.ts';

/** Everything a function gets from outside: in Lambda from AWS, in the rehearsal from the simulated cloud. */
export interface Runtime {
  config: Config;
  clock: Clock;
  store: Store;
  connect: Connect;
  /** The rules this deployment was packaged with. */
  policy: () => Policy;
  /** The same, as they were written. */
  policyText: () => string;
  /** The state machine of each remediation, for the functions that start executions. */
  stateMachineArns: () => Record<Remediation, string>;
  /** Instead of the stage's own, where nothing is deployed that could have one. */
  killSwitch?: KillSwitch;
  /** Where metrics go instead of the log. */
  measure?: Measure;
  /** Instead of `groupsFailingAloneMax`, where so many groups do not fail. */
  groupsFailingAlone?: number;
  /** A new name for whoever takes a lease. */
  newOwner: () => string;
}

/** Tells one writer or holder of a lease from all others that live at its time; short, because it is stored. */
const newName = (): string => randomBytes(9).toString('base64url');

/**
 * The runtime of a deployed function.
 *
 * The gate guards the fleet. Holdfast's own table is not the fleet, so its client is open in every mode: a dry run
 * keeps a journal too.
 */
export const createProductionRuntime = (): Runtime => {
  const config = readConfig();
  const connect = createConnect();
  return {
    config,
    clock: systemClock,
    connect,
    policy: () => loadPolicy(),
    policyText: () => readPolicyText(),
    stateMachineArns: () => stateMachineArns(config),
    store: createDynamoDbStore(connect(DynamoDBClient, 'live'), config.tableName, systemClock, newName),
    newOwner: newName,
  };
};
