import * as z from 'zod/mini';
import { awsTimestamp } from './event-bridge-event.ts';

/** A name or id as AWS gives them: never longer, so that it fits into every key. */
const nameOrId = z.string().check(z.minLength(1), z.maxLength(255));

/**
 * `EC2 Instance-launch Lifecycle Action`: an instance begins to wait in a launch hook. `Origin` and `Destination`
 * come only for groups with a warm pool.
 * Source: Amazon EC2 Auto Scaling User Guide, "EventBridge event reference", "Warm pool example events".
 */
export const launchLifecycleActionSchema = z.object({
  time: awsTimestamp,
  resources: z.array(z.string()),
  detail: z.object({
    AutoScalingGroupName: nameOrId,
    EC2InstanceId: nameOrId,
    LifecycleActionToken: z.string().check(z.minLength(1)),
    Destination: z.optional(z.string()),
  }),
});

/**
 * `EC2 Instance Launch Unsuccessful`. An instance id may be empty: nothing was launched then.
 * Source: the same page.
 */
export const launchUnsuccessfulSchema = z.object({
  time: awsTimestamp,
  resources: z.array(z.string()),
  detail: z.object({
    AutoScalingGroupName: nameOrId,
    ActivityId: nameOrId,
    StartTime: z.optional(awsTimestamp),
    EndTime: z.optional(awsTimestamp),
    Destination: z.optional(z.string()),
  }),
});

/** The group among the resources of an event. */
export const groupArnIn = (resources: string[]): { autoScalingGroupArn?: string } => {
  const arn = resources.find((resource) => resource.includes(':autoScalingGroup:'));
  return arn === undefined ? {} : { autoScalingGroupArn: arn };
};
