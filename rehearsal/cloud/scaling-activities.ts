import type { VirtualTime } from '../virtual-time.ts';
import { CloudError } from './cloud-error.ts';

/**
 * One scaling activity. Source of the texts: "Troubleshooting Amazon EC2 Auto Scaling"; of the fields: API reference,
 * Activity.
 */
export interface ScalingActivity {
  activityId: string;
  description: string;
  cause: string;
  startTime: number;
  endTime?: number;
  statusCode: 'PreInService' | 'MidLifecycleAction' | 'InProgress' | 'Successful' | 'Failed' | 'Cancelled';
  statusMessage: string;
}

/** Ends an activity. */
export const endActivity = (
  time: VirtualTime,
  activity: ScalingActivity,
  statusCode: 'Successful' | 'Failed' | 'Cancelled',
  statusMessage = '',
): void => {
  activity.statusCode = statusCode;
  activity.statusMessage = statusMessage;
  activity.endTime = time.now();
};

/** Activities of groups as `DescribeScalingActivities` lists them: those in progress first, then newest first. */
export const describeActivities = (
  groups: { name: string; activities: ScalingActivity[] }[],
  input: Record<string, unknown>,
): object => {
  const pageSize = Number(input.MaxRecords ?? 100);
  if (pageSize > 100) {
    throw new CloudError(
      'ValidationError',
      `1 validation error detected: Value '${pageSize}' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100`,
    );
  }
  const activities = groups.flatMap((group) =>
    group.activities.map((activity) => ({ ...activity, autoScalingGroupName: group.name })),
  );
  const sorted = activities.sort(
    (a, b) => Number(a.endTime !== undefined) - Number(b.endTime !== undefined) || b.startTime - a.startTime,
  );
  const start = Number(input.NextToken ?? 0);
  return {
    Activities: sorted.slice(start, start + pageSize).map((activity) => ({
      ActivityId: activity.activityId,
      AutoScalingGroupName: activity.autoScalingGroupName,
      Description: activity.description,
      Cause: activity.cause,
      StartTime: new Date(activity.startTime),
      ...(activity.endTime === undefined ? {} : { EndTime: new Date(activity.endTime) }),
      StatusCode: activity.statusCode,
      ...(activity.statusMessage === '' ? {} : { StatusMessage: activity.statusMessage }),
      Progress:
        activity.endTime === undefined ? (activity.statusCode === 'MidLifecycleAction' ? 40 : 30) : 100,
    })),
    ...(start + pageSize < sorted.length ? { NextToken: String(start + pageSize) } : {}),
  };
};
