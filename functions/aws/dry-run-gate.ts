import { DryRunError } from '../domain/errors.ts';

/** Any client of the AWS SDK: each has a middleware stack, of a type of its own. */
export interface SdkClient {
  middlewareStack: { add(middleware: never, options: never): void };
}

/** The part of every middleware stack that the gate uses. */
interface InitializeStack {
  add(
    middleware: (
      next: (args: unknown) => Promise<unknown>,
      context: { commandName?: string },
    ) => (args: unknown) => Promise<unknown>,
    options: { step: 'initialize'; name: string; priority: 'high' },
  ): void;
}

/**
 * The commands that only read. An allow-list: a command that nobody thought of is refused, not let through.
 */
const readingCommands: ReadonlySet<string> = new Set([
  'DescribeAutoScalingGroupsCommand',
  'DescribeAutoScalingInstancesCommand',
  'DescribeLifecycleHooksCommand',
  'DescribeScalingActivitiesCommand',
  'DescribePoliciesCommand',
  'DescribeScheduledActionsCommand',
  'DescribeInstancesCommand',
  'DescribeInstanceAttributeCommand',
  'DescribeInstanceStatusCommand',
  'DescribeInstanceTypesCommand',
  'DescribeInstanceTypeOfferingsCommand',
  'DescribeInstanceRefreshesCommand',
  'DescribeCapacityReservationsCommand',
  'DescribeLaunchTemplateVersionsCommand',
  'DescribeTargetHealthCommand',
  'DescribeStacksCommand',
  'GetConsoleOutputCommand',
  'DescribeAlarmsCommand',
  'DescribeAlarmHistoryCommand',
  'GetMetricDataCommand',
  'LookupEventsCommand',
  'ListAlarmMuteRulesCommand',
  'GetParameterCommand',
  'DescribeExecutionCommand',
  'GetCallerIdentityCommand',
  'DescribeRegionsCommand',
  'ListSubscriptionsByTopicCommand',
  'ListStackResourcesCommand',
  'SimulatePrincipalPolicyCommand',
]);

/** Whether a command, by the name its class gives itself, changes nothing. */
const isReadingCommand = (commandName: string): boolean => readingCommands.has(commandName);

/**
 * Closes a client for everything but reading. It sits on the client, before anything is serialised, so that no
 * task can forget it.
 *
 * @throws DryRunError (from the client's `send`) for any other command
 */
export const addDryRunGate = (client: SdkClient): void => {
  (client.middlewareStack as InitializeStack).add(
    (next, context) => async (args) => {
      const commandName = context.commandName ?? 'a command without a name';
      if (!isReadingCommand(commandName)) {
        throw new DryRunError(`${commandName} is not among the commands that only read; nothing was sent`);
      }
      return next(args);
    },
    { step: 'initialize', name: 'holdfastDryRunGate', priority: 'high' },
  );
};
