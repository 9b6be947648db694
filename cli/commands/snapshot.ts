import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { takeSnapshot } from '../../rehearsal/take-snapshot.ts';
import { AccessError } from '../access-error.ts';
import type { AccountFlags } from '../laptop/account.ts';
import { print } from '../terminal/print.ts';
import { readPolicy } from './read-policy.ts';

/** What the command line says of a snapshot. */
export interface SnapshotFlags extends AccountFlags {
  policy?: string;
  maskNames?: boolean;
}

/**
 * `holdfast snapshot`: prints the groups of an account as a fleet file. Of tags it keeps the opt-in and those that the
 * policy asks for, of alarms those that the policy names; of instances only their type.
 */
export const snapshotCommand = async ({
  profile,
  region,
  policy,
  maskNames,
}: SnapshotFlags): Promise<number> => {
  // Hooks take a call for each group: AWS throttles, and the client waits.
  const clients = {
    maxAttempts: 10,
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  };
  const fleet = await takeSnapshot({
    autoScaling: new AutoScalingClient(clients),
    cloudWatch: new CloudWatchClient(clients),
    policy: readPolicy(policy),
    masksNames: maskNames === true,
  });
  if (fleet.AutoScalingGroups.length === 0) {
    throw new AccessError(
      'There are no Auto Scaling groups here: look at --region, and at the account of the credentials.',
    );
  }
  print(JSON.stringify(fleet, undefined, 1));
  return 0;
};
