import { parseArn } from '../arn.ts';
import { optInTag } from '../auto-scaling-group.ts';
import { holdTagKey } from '../holds/hold-tag.ts';
import { awsCommand, optionOf } from '../shell.ts';

/*
 * Every command that people are given. Each is complete and quoted; the incident's execution says the Region. A command
 * is never part of a sentence: it stands after a colon, in a line that says what it is for.
 */

const groupOption = (autoScalingGroupName: string): string[] =>
  optionOf('--auto-scaling-group-name', autoScalingGroupName);

/** The Region of an incident: its execution's. */
export const regionOf = (incidentId: string): string => parseArn(incidentId).region;

/** Stops an execution; the sweep gives back what it held. */
export const stopExecutionCommand = (incidentId: string): string =>
  awsCommand(regionOf(incidentId), 'stepfunctions', 'stop-execution', '--execution-arn', incidentId);

/** Sets the kill switch of a stage. */
export const setKillSwitchCommand = (region: string, parameterName: string, mode: string): string =>
  awsCommand(
    ...([region, 'ssm', 'put-parameter'] as const),
    ...['--name', parameterName, '--type', 'String', '--value', mode, '--overwrite'],
  );

/** Tells who wrote the kill switch of a stage, and when. */
export const readKillSwitchHistoryCommand = (region: string, parameterName: string): string =>
  awsCommand(
    ...([region, 'ssm', 'get-parameter-history', '--name', parameterName] as const),
    ...['--query', 'Parameters[].[LastModifiedDate,LastModifiedUser,Value]', '--output', 'text'],
  );

/** Reads what an incident wrote of itself. */
export const readJournalCommand = (region: string, tableName: string, incidentId: string): string =>
  awsCommand(
    ...([region, 'dynamodb', 'query', '--table-name', tableName] as const),
    ...['--key-condition-expression', 'pk = :incident AND begins_with(sk, :journal)'],
    '--expression-attribute-values',
    JSON.stringify({ ':incident': { S: `incident#${incidentId}` }, ':journal': { S: 'journal#' } }),
  );

/** Ends an instance and has its group launch another. */
export const replaceInstanceCommand = (region: string, instanceId: string): string =>
  awsCommand(
    ...([region, 'autoscaling', 'terminate-instance-in-auto-scaling-group'] as const),
    ...['--instance-id', instanceId, '--no-should-decrement-desired-capacity'],
  );

/** Takes back the mark that an instance is unhealthy. */
export const keepInstanceCommand = (region: string, instanceId: string): string =>
  awsCommand(
    ...([region, 'autoscaling', 'set-instance-health'] as const),
    ...['--instance-id', instanceId, '--health-status', 'Healthy'],
  );

/** Ends an instance. */
export const terminateInstanceCommand = (region: string, instanceId: string): string =>
  awsCommand(region, 'ec2', 'terminate-instances', '--instance-ids', instanceId);

/** Starts a stopped instance. */
export const startInstanceCommand = (region: string, instanceId: string): string =>
  awsCommand(region, 'ec2', 'start-instances', '--instance-ids', instanceId);

/** Puts an instance that is in Standby back in service. */
export const exitStandbyCommand = (
  region: string,
  autoScalingGroupName: string,
  instanceId: string,
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'exit-standby'] as const),
    ...[...groupOption(autoScalingGroupName), '--instance-ids', instanceId],
  );

/** Takes an instance out of service, and has no other launched for it. */
export const enterStandbyCommand = (
  region: string,
  autoScalingGroupName: string,
  instanceId: string,
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'enter-standby'] as const),
    ...[...groupOption(autoScalingGroupName), '--instance-ids', instanceId],
    '--should-decrement-desired-capacity',
  );

/** Sets the desired capacity of a group. */
export const setDesiredCapacityCommand = (
  region: string,
  autoScalingGroupName: string,
  capacity: number,
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'set-desired-capacity'] as const),
    ...[...groupOption(autoScalingGroupName), '--desired-capacity', capacity],
  );

/** Sets minimum and desired capacity of a group. */
export const setSizesCommand = (
  region: string,
  autoScalingGroupName: string,
  { minSize, desiredCapacity }: { minSize: number; desiredCapacity: number },
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'update-auto-scaling-group'] as const),
    ...groupOption(autoScalingGroupName),
    ...['--min-size', minSize, '--desired-capacity', desiredCapacity],
  );

/** Suspends processes of a group. */
export const suspendProcessesCommand = (
  region: string,
  autoScalingGroupName: string,
  processes: string[],
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'suspend-processes'] as const),
    ...[...groupOption(autoScalingGroupName), '--scaling-processes', ...processes],
  );

/** Protects instances of a group from scale-in. */
export const protectCommand = (region: string, autoScalingGroupName: string, instanceIds: string[]): string =>
  awsCommand(
    ...([region, 'autoscaling', 'set-instance-protection'] as const),
    ...[...groupOption(autoScalingGroupName), '--protected-from-scale-in'],
    ...['--instance-ids', ...instanceIds],
  );

/** Lists every group that is held, by its tag. */
export const listHeldGroupsCommand = (region: string): string =>
  awsCommand(
    ...([region, 'autoscaling', 'describe-auto-scaling-groups'] as const),
    ...['--filters', `Name=tag-key,Values=${holdTagKey}`, '--output', 'text', '--query'],
    `AutoScalingGroups[].[AutoScalingGroupName,Tags[?Key==\`${holdTagKey}\`]|[0].Value]`,
  );

/** Lets suspended processes of a group run again. */
export const resumeProcessesCommand = (
  region: string,
  autoScalingGroupName: string,
  processes: string[],
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'resume-processes'] as const),
    ...[...groupOption(autoScalingGroupName), '--scaling-processes', ...processes],
  );

/** Removes the protection from scale-in of instances of a group. */
export const removeProtectionCommand = (
  region: string,
  autoScalingGroupName: string,
  instanceIds: string[],
): string =>
  awsCommand(
    ...([region, 'autoscaling', 'set-instance-protection'] as const),
    ...[...groupOption(autoScalingGroupName), '--no-protected-from-scale-in'],
    ...['--instance-ids', ...instanceIds],
  );

/** Gives a launch template a new version with another instance type. */
export const newTemplateVersionCommand = (
  region: string,
  launchTemplateId: string,
  sourceVersion: string | number,
  instanceType: string,
): string =>
  awsCommand(
    ...([region, 'ec2', 'create-launch-template-version'] as const),
    ...['--launch-template-id', launchTemplateId, '--source-version', sourceVersion],
    ...['--launch-template-data', JSON.stringify({ InstanceType: instanceType })],
  );

/** Makes a version of a launch template the default. */
export const defaultTemplateVersionCommand = (
  region: string,
  launchTemplateId: string,
  version: number,
): string =>
  awsCommand(
    ...([region, 'ec2', 'modify-launch-template'] as const),
    ...['--launch-template-id', launchTemplateId, '--default-version', version],
  );

/** Lets Holdfast act on a group. */
export const optInCommand = (region: string, autoScalingGroupName: string): string =>
  awsCommand(
    ...([region, 'autoscaling', 'create-or-update-tags', '--tags'] as const),
    // Not the shorthand: a name may hold commas.
    JSON.stringify([
      {
        ResourceId: autoScalingGroupName,
        ResourceType: 'auto-scaling-group',
        Key: optInTag.key,
        Value: optInTag.value,
        PropagateAtLaunch: false,
      },
    ]),
  );
