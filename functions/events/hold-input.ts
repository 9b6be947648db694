import * as z from 'zod/mini';
import { InvalidInputError } from '../domain/errors.ts';
import { remediationOf } from '../domain/execution-arn.ts';
import type { AskedSettings } from '../domain/incident.ts';
import type { RemediationRecord } from '../domain/remediation.ts';
import type { Remediation } from '../domain/remediation-names.ts';
import { remediations } from '../domain/remediations.ts';
import { describeIssues } from './describe-issues.ts';
import { oneNameOrSeveral, tagsSchema } from './targets.ts';

const name = z.string().check(z.minLength(1));
const time = z.iso.datetime('an ISO 8601 time in UTC');

const reason = () =>
  z.string().check(z.minLength(3), z.maxLength(500), z.describe('Why, for everybody who meets the hold.'));

/** What `routeSignal`, the sweep and `holdfast start RULE` start an execution with. */
const ruleInputSchema = z
  .strictObject({
    rule: name,
    alarm: z.optional(z.strictObject({ alarmName: name, alarmArn: name, stateTimestamp: time })),
    launchFailures: z.optional(
      z.strictObject({ autoScalingGroupName: name, activityId: name, failedAt: time }),
    ),
    failingGroups: z.optional(z.strictObject({ beginAt: time })),
    stillFailing: z.optional(z.strictObject({ autoScalingGroupName: name, since: time })),
    stuckInstance: z.optional(z.strictObject({ autoScalingGroupName: name, instanceId: name, since: time })),
    breaker: z.optional(z.strictObject({ autoScalingGroupName: name, openedAt: time })),
    byHand: z.optional(z.strictObject({ askedAt: time, reason: reason() })),
    dryRun: z._default(z.boolean(), false),
  })
  .check(
    z.refine(
      ({ rule: _rule, dryRun: _dryRun, ...signals }) =>
        Object.values(signals).filter((signal) => signal !== undefined).length === 1,
      {
        path: ['alarm'],
        error:
          'exactly one of alarm, launchFailures, failingGroups, stillFailing, stuckInstance, breaker and byHand',
      },
    ),
  );

const targetFields = {
  autoScalingGroupName: z.optional(oneNameOrSeveral()).check(z.describe('One group or several, by name.')),
  tags: z.optional(tagsSchema).check(z.describe('Groups that carry all of these tags.')),
  reason: reason(),
  dryRun: z._default(z.boolean(), false),
};

const namesItsTargets = z.refine<{ autoScalingGroupName?: unknown; tags?: unknown }>(
  (input) => (input.autoScalingGroupName === undefined) !== (input.tags === undefined),
  { path: ['autoScalingGroupName'], error: 'either autoScalingGroupName or tags, and not both' },
);

/** An input by hand, as it is parsed. */
type ManualInput = Record<string, unknown> & {
  autoScalingGroupName?: string[];
  tags?: Record<string, string>;
  reason: string;
  dryRun: boolean;
};

const manualInput = ({ fields, fieldsByHand, checks }: RemediationRecord) =>
  z.strictObject({ ...targetFields, ...fieldsByHand?.(), ...fields() }).check(namesItsTargets, ...checks());

/** What the sweep starts an execution with that brings home what another one left in flight, or gives back for it. */
const incidentOf = (remediation: Remediation) =>
  z.string().check(
    z.maxLength(300),
    z.regex(/^arn:[\w-]+:states:[\w-]+:\d{12}:execution:[\w-]+:[\w-]+$/, 'the ARN of an execution'),
    z.refine((arn) => remediationOf(arn) === remediation, `an execution of ${remediation}`),
  );

/** Step Functions' own field, in the input of an execution that another workflow starts: the link to its parent. */
const startedByField = 'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID';

/** The signal that started an execution, as its input identifies it. */
export type InputSignal = Pick<
  z.output<typeof ruleInputSchema>,
  'alarm' | 'launchFailures' | 'failingGroups' | 'stillFailing' | 'stuckInstance' | 'breaker' | 'byHand'
>;

/** The input of an execution, parsed. */
export type HoldInput =
  | { trigger: 'sweep'; incidentId: string }
  | { trigger: 'rule'; rule: string; signal: InputSignal; dryRun: boolean }
  | (AskedSettings & {
      trigger: 'manual';
      targets: { autoScalingGroupNames: string[] } | { tags: Record<string, string> };
      reason: string;
      dryRun: boolean;
      untilLaunchesSucceed: boolean;
    });

const parseOrExplain = <Schema extends z.ZodMiniType>(
  schema: Schema,
  raw: unknown,
  remediation: Remediation,
): z.output<Schema> => {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The input of this execution is not valid; nothing was changed.\n${describeIssues(schema, parsed.error, raw)}\nA correct input by hand: ${JSON.stringify(remediations[remediation].example)}`,
  );
};

/** The input without the link to the workflow that started it. */
const withoutParent = (input: unknown): unknown => {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, startedByField)) return input;
  const { [startedByField]: _parent, ...raw } = input as Record<string, unknown>;
  return raw;
};

/**
 * Parses the input an execution was started with: by a rule (it has the field `rule`) or by hand.
 *
 * @param remediation the one whose state machine was started
 * @throws InvalidInputError naming the field, what is allowed, and a correct example
 */
export const parseHoldInput = (remediation: Remediation, input: unknown): HoldInput => {
  const raw = withoutParent(input);
  const record = remediations[remediation];
  const { field } = record.continuedBy;
  if (typeof raw === 'object' && raw !== null && field in raw) {
    const { [field]: incidentId } = parseOrExplain(
      z.strictObject({ [field]: incidentOf(remediation) }),
      raw,
      remediation,
    );
    return { trigger: 'sweep', incidentId: incidentId as string };
  }
  if (typeof raw === 'object' && raw !== null && 'rule' in raw) {
    const { rule, dryRun, ...signal } = parseOrExplain(ruleInputSchema, raw, remediation);
    return { trigger: 'rule', rule, dryRun, signal };
  }
  // The schema is made from the record, so what is parsed is as the record says.
  const parsed = parseOrExplain(manualInput(record), raw, remediation) as ManualInput;
  const { autoScalingGroupName, tags, reason, dryRun } = parsed;
  return {
    trigger: 'manual',
    targets: autoScalingGroupName ? { autoScalingGroupNames: autoScalingGroupName } : { tags: tags ?? {} },
    reason,
    dryRun,
    untilLaunchesSucceed: record.untilLaunchesSucceed(parsed),
    ...record.toSettings(parsed),
  };
};
