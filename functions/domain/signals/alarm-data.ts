import { parseArn } from '../arn.ts';

/** Why an alarm is in its state, as CloudWatch tells it. */
export interface StateReason {
  /** The text. */
  reason: string;
  /** JSON as text; absent for some kinds of alarms. */
  reasonData?: string;
  /** N of the M out of N; absent where the kind of alarm has none. */
  evaluationPeriods?: number;
  /** M. */
  datapointsToAlarm?: number;
  threshold?: number;
  comparisonOperator?: string;
}

interface Datapoint {
  value?: unknown;
}

const parseReasonData = (text: string | undefined): Record<string, unknown> => {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
};

const breaches = (value: number, threshold: number, comparisonOperator: string): boolean => {
  switch (comparisonOperator) {
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
    default:
      // A band of anomaly detection: what was received is all that can be known.
      return false;
  }
};

/** Received good points that alone keep an alarm from ALARM: more than N − M. */
const goodPointsNeeded = ({ evaluationPeriods = 1, datapointsToAlarm }: StateReason): number =>
  evaluationPeriods - (datapointsToAlarm ?? evaluationPeriods) + 1;

/** Points of the evaluation that were received and did not breach; `undefined` where nothing tells. */
const goodPoints = (state: StateReason): number | undefined => {
  const { recentDatapoints, evaluatedDatapoints } = parseReasonData(state.reasonData);
  const { threshold, comparisonOperator = '' } = state;
  const isGood = (value: unknown): boolean =>
    typeof value === 'number' && (threshold === undefined || !breaches(value, threshold, comparisonOperator));
  if (Array.isArray(evaluatedDatapoints) && evaluatedDatapoints.length > 0) {
    return (evaluatedDatapoints as Datapoint[]).filter((point) => isGood(point?.value)).length;
  }
  if (Array.isArray(recentDatapoints)) return recentDatapoints.filter(isGood).length;
  if (/\bno datapoints were received\b/i.test(state.reason)) return 0;
  if (/\bNo time series were returned\b/i.test(state.reason)) return 0;
  const received = /\b(\d+) datapoints? (?:was|were) received for \d+ periods?/i.exec(state.reason)?.[1];
  if (received !== undefined) return Number(received);
  const missing = /\b(\d+) missing datapoints? (?:was|were) treated as/i.exec(state.reason)?.[1];
  if (missing !== undefined) {
    const named = /\b(\d+) datapoints? \[/i.exec(state.reason)?.[1];
    return named === undefined ? 0 : Number(named);
  }
  return undefined;
};

/**
 * Whether an OK says nothing, because too little was received to know: data that is missing was treated as good. An OK
 * of which nothing tells why counts as one that was received.
 * Source: CloudWatch User Guide, "Alarm events and EventBridge" (reasonData), and texts of `StateReason` as seen.
 */
export const isOkForWantOfData = (state: StateReason): boolean => {
  const good = goodPoints(state);
  return good !== undefined && good < goodPointsNeeded(state);
};

/** Names of the alarms that a composite alarm's state rests on, and whether any had too little data then. */
export const triggeringAlarms = (
  reasonData: string | undefined,
): { alarmNames: string[]; lackData: boolean } => {
  const { triggeringAlarms: children } = parseReasonData(reasonData);
  if (!Array.isArray(children)) return { alarmNames: [], lackData: false };
  const known = children as { arn?: unknown; state?: { value?: unknown } }[];
  return {
    alarmNames: known.flatMap(({ arn }) => {
      const [kind, ...name] = typeof arn === 'string' ? parseArn(arn).resource : [];
      return kind === 'alarm' && name.length > 0 ? [name.join(':')] : [];
    }),
    lackData: known.some(({ state }) => state?.value === 'INSUFFICIENT_DATA'),
  };
};
