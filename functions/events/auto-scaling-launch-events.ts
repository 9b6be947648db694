import * as z from 'zod/mini';
import type { LaunchFailure } from '../domain/launch-record.ts';
import { awsTimestamp } from './event-bridge-event.ts';

/**
 * `EC2 Instance-launch Lifecycle Action`: an instance begins to wait in a launch hook. `Origin` and `Destination`
 * come only for groups with a warm pool.
 * Source: Amazon EC2 Auto Scaling User Guide, "EventBridge event reference", "Warm pool example events".
 */
export const launchLifecycleActionSchema = z.object({
  time: awsTimestamp,
  detail: z.object({
    AutoScalingGroupName: z.string().check(z.minLength(1)),
    EC2InstanceId: z.string().check(z.minLength(1)),
    LifecycleActionToken: z.string().check(z.minLength(1)),
    Destination: z.optional(z.string()),
  }),
});

/**
 * `EC2 Instance Launch Unsuccessful`. An instance id may be empty: nothing was launched then.
 * Source: the same page.
 */
export const launchUnsuccessfulSchema = z.pipe(
  z.object({
    time: awsTimestamp,
    detail: z.object({
      AutoScalingGroupName: z.string().check(z.minLength(1)),
      ActivityId: z.string().check(z.minLength(1)),
      StartTime: z.optional(awsTimestamp),
      EndTime: z.optional(awsTimestamp),
    }),
  }),
  z.transform(({ time, detail }): { autoScalingGroupName: string; failure: LaunchFailure } => ({
    autoScalingGroupName: detail.AutoScalingGroupName,
    failure: {
      activityId: detail.ActivityId,
      startedAt: detail.StartTime ?? time,
      at: detail.EndTime ?? time,
    },
  })),
);
