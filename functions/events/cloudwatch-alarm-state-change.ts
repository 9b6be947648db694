import * as z from 'zod/mini';
import type { AlarmState } from '../domain/signals/decide-start.ts';
import { awsTimestamp } from './event-bridge-event.ts';

/**
 * `CloudWatch Alarm State Change` of metric alarms, metric math alarms and composite alarms. Only what decides is
 * required: `reasonData` is a JSON string that may be missing, and a composite alarm has neither metrics nor
 * dimensions.
 * Source: Amazon CloudWatch User Guide, "Alarm events and EventBridge".
 */
const alarmStateChangeSchema = z.object({
  source: z.literal('aws.cloudwatch'),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  resources: z.array(z.string()).check(z.minLength(1)),
  detail: z.object({
    // CloudWatch's own limit (API reference, PutMetricAlarm).
    alarmName: z.string().check(z.minLength(1), z.maxLength(255)),
    state: z.object({
      value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
      timestamp: awsTimestamp,
      actionsSuppressedBy: z.optional(z.string()),
      actionsSuppressedReason: z.optional(z.string()),
      muteDetail: z.optional(z.object({ mutedByArn: z.optional(z.string()) })),
    }),
    // AWS documents muteDetail beside the state; an older page showed it in the state. Either is understood.
    muteDetail: z.optional(z.object({ mutedByArn: z.optional(z.string()) })),
  }),
});

/** Parses the event to the alarm's state. Fails with a zod error that names the field. */
export const alarmStateSchema = z.pipe(
  alarmStateChangeSchema,
  z.transform(({ resources, detail }): AlarmState => {
    const mute = detail.muteDetail ?? detail.state.muteDetail;
    const suppressedBecause =
      mute !== undefined
        ? `the alarm is muted by ${mute.mutedByArn ?? 'a mute rule'}`
        : detail.state.actionsSuppressedBy !== undefined
          ? `the alarm's actions are suppressed by ${detail.state.actionsSuppressedBy}`
          : undefined;
    return {
      alarmName: detail.alarmName,
      alarmArn: resources[0] ?? '',
      value: detail.state.value,
      since: detail.state.timestamp,
      ...(suppressedBecause === undefined ? {} : { suppressedBecause }),
    };
  }),
);
