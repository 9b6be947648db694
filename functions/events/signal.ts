import type { AlarmState } from '../domain/decide-start.ts';
import { InvalidInputError } from '../domain/errors.ts';
import { alarmStateSchema } from './cloudwatch-alarm-state-change.ts';
import { describeIssues } from './describe-issues.ts';
import { eventBridgeEnvelope } from './event-bridge-event.ts';

/** What an event is to Holdfast. What it does not know is a case of its own, with the name AWS gave it. */
export type Signal = { kind: 'alarm'; alarm: AlarmState } | { kind: 'ignored'; reason: string };

/** Events that a rule on `aws.cloudwatch` may also deliver and that are no signal. */
const ignoredByName: Record<string, string> = {
  'CloudWatch Alarm Contributor State Change':
    'one time series of an alarm over several; the alarm itself sends an event of its own',
  'CloudWatch Alarm Configuration Change': 'somebody edited an alarm',
};

/**
 * Reads an event as a signal.
 *
 * @param event whatever EventBridge, or a person in the console, sent
 * @throws InvalidInputError when an event of a known kind lacks a field that decides
 */
export const parseSignal = (event: unknown): Signal => {
  const envelope = eventBridgeEnvelope.safeParse(event);
  if (!envelope.success) {
    throw new InvalidInputError(
      `This is not an EventBridge event; nothing was started.\n${describeIssues(eventBridgeEnvelope, envelope.error, event)}`,
    );
  }
  const { source, 'detail-type': detailType } = envelope.data;
  if (source !== 'aws.cloudwatch' || detailType !== 'CloudWatch Alarm State Change') {
    const known = source === 'aws.cloudwatch' ? ignoredByName[detailType] : undefined;
    return {
      kind: 'ignored',
      reason: `"${detailType}" from ${source}: ${known ?? 'not an event Holdfast knows'}`,
    };
  }
  const alarm = alarmStateSchema.safeParse(event);
  if (!alarm.success) {
    throw new InvalidInputError(
      `This alarm event is not as documented; nothing was started.\n${describeIssues(alarmStateSchema, alarm.error, event)}`,
    );
  }
  return { kind: 'alarm', alarm: alarm.data };
};
