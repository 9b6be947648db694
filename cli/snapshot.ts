import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { loadPolicy } from '../functions/policy.ts';
import { takeSnapshot } from '../rehearsal/take-snapshot.ts';
import { parseOptions, runCommand, UsageError } from './parse-options.ts';

const usage = `npm run -s snapshot [-- --region REGION] [--policy FILE] [--mask-names] > fleet.json
Prints the Auto Scaling groups of the account and Region of the environment, for a rehearsal: npm run rehearse -- packet-loss --fleet fleet.json.
It only reads: autoscaling:DescribeAutoScalingGroups, DescribePolicies, DescribeLifecycleHooks and cloudwatch:DescribeAlarms. Of tags it
keeps the opt-in and those that the policy asks for, of alarms those that the policy names; of instances only their type. --mask-names
calls groups and policies by numbers.`;

await runCommand(usage, async () => {
  const { values: options, positionals } = parseOptions(process.argv.slice(2), {
    region: { type: 'string' },
    policy: { type: 'string' },
    'mask-names': { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (positionals.length > 0) {
    throw new UsageError(`found "${positionals.join(' ')}"; allowed: options only`);
  }
  try {
    const region = options.region === undefined ? {} : { region: options.region };
    // Hooks take a call for each group: AWS throttles, and the client waits.
    const clients = { ...region, maxAttempts: 10 };
    const fleet = await takeSnapshot({
      autoScaling: new AutoScalingClient(clients),
      cloudWatch: new CloudWatchClient(clients),
      policy: loadPolicy(options.policy),
      masksNames: options['mask-names'] === true,
    });
    if (fleet.AutoScalingGroups.length === 0) {
      throw new Error(
        'there are no Auto Scaling groups; look at --region, and at the account of the credentials',
      );
    }
    process.stdout.write(`${JSON.stringify(fleet, undefined, 1)}\n`);
    return 0;
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`The fleet cannot be read: ${name === 'Error' ? '' : `${name}: `}${message}\n`);
    return 1;
  }
});
