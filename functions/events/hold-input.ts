import * as z from 'zod/mini';
import { InvalidInputError } from '../domain/errors.ts';
import type { DrainSettings, HoldSettings, Remediation, ResizeSettings } from '../domain/holds/settings.ts';
import { remediationOf } from '../domain/telling/notice.ts';
import { describeIssues } from './describe-issues.ts';
import {
  drainChecks,
  drainPendingWaitFields,
  holdChecks,
  pauseScalingFields,
  protectInstancesFields,
  resizeInPlaceFields,
  toDrainSettings,
  toHoldSettings,
  toResizeSettings,
} from './remediation-settings.ts';
import { oneNameOrSeveral, tagsSchema } from './targets.ts';

const name = z.string().check(z.minLength(1));
const time = z.iso.datetime('an ISO 8601 time in UTC');

/** What `routeSignal` and the sweep start an execution with. */
const ruleInputSchema = z
  .strictObject({
    rule: name,
    alarm: z.optional(z.strictObject({ alarmName: name, alarmArn: name, stateTimestamp: time })),
    launchFailures: z.optional(
      z.strictObject({ autoScalingGroupName: name, activityId: name, failedAt: time }),
    ),
    stuckInstance: z.optional(z.strictObject({ autoScalingGroupName: name, instanceId: name, since: time })),
    breaker: z.optional(z.strictObject({ autoScalingGroupName: name, openedAt: time })),
    dryRun: z._default(z.boolean(), false),
  })
  .check(
    z.refine(
      ({ alarm, launchFailures, stuckInstance, breaker }) =>
        [alarm, launchFailures, stuckInstance, breaker].filter((signal) => signal !== undefined).length === 1,
      { path: ['alarm'], error: 'exactly one of alarm, launchFailures, stuckInstance and breaker' },
    ),
  );

const targetFields = {
  autoScalingGroupName: z.optional(oneNameOrSeveral()).check(z.describe('One group or several, by name.')),
  tags: z.optional(tagsSchema).check(z.describe('Groups that carry all of these tags.')),
  reason: z
    .string()
    .check(z.minLength(3), z.maxLength(500), z.describe('Why, for everybody who meets the hold.')),
  dryRun: z._default(z.boolean(), false),
};

const namesItsTargets = z.refine<{ autoScalingGroupName?: unknown; tags?: unknown }>(
  (input) => (input.autoScalingGroupName === undefined) !== (input.tags === undefined),
  { path: ['autoScalingGroupName'], error: 'either autoScalingGroupName or tags, and not both' },
);

const pauseScalingInput = z
  .strictObject({ ...targetFields, ...pauseScalingFields })
  .check(namesItsTargets, ...holdChecks);

const protectInstancesInput = z
  .strictObject({
    ...targetFields,
    until: z
      ._default(z.enum(['expiry', 'launches-succeed']), 'expiry')
      .check(z.describe('launches-succeed: given back as soon as launches succeed again.')),
    ...protectInstancesFields,
  })
  .check(namesItsTargets, ...holdChecks);

const drainPendingWaitInput = z
  .strictObject({ ...targetFields, ...drainPendingWaitFields })
  .check(namesItsTargets, ...drainChecks);

const resizeInPlaceInput = () =>
  z.strictObject({ ...targetFields, ...resizeInPlaceFields() }).check(namesItsTargets);

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
  'alarm' | 'launchFailures' | 'stuckInstance' | 'breaker'
>;

/** The input of an execution, parsed. */
export type HoldInput =
  | { trigger: 'sweep'; incidentId: string }
  | { trigger: 'rule'; rule: string; signal: InputSignal; dryRun: boolean }
  | {
      trigger: 'manual';
      targets: { autoScalingGroupNames: string[] } | { tags: Record<string, string> };
      reason: string;
      dryRun: boolean;
      untilLaunchesSucceed: boolean;
      settings: HoldSettings;
      drain?: DrainSettings;
      resize?: ResizeSettings;
    };

/** A correct input, shown with every complaint about a wrong one. */
export const manualInputExample: Record<Remediation, object> = {
  'pause-scaling': { autoScalingGroupName: 'web', reason: 'switch upgrade', expiresAfter: '2h' },
  'protect-instances': { autoScalingGroupName: 'api', reason: 'package repository down', expiresAfter: '2h' },
  'drain-pending-wait': { autoScalingGroupName: 'api', reason: 'bootstrap hangs', olderThan: '20m' },
  'resize-in-place': {
    autoScalingGroupName: 'api',
    instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
    reason: 'promotion at nine, and nothing can be launched',
  },
};

const parseOrExplain = <Schema extends z.ZodMiniType>(
  schema: Schema,
  raw: unknown,
  remediation: Remediation,
): z.output<Schema> => {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The input of this execution is not valid; nothing was changed.\n${describeIssues(schema, parsed.error, raw)}\nA correct input by hand: ${JSON.stringify(manualInputExample[remediation])}`,
  );
};

const parseManualFields = (remediation: Remediation, raw: unknown) => {
  switch (remediation) {
    case 'pause-scaling': {
      const fields = parseOrExplain(pauseScalingInput, raw, remediation);
      return { fields, untilLaunchesSucceed: false };
    }
    case 'protect-instances': {
      const fields = parseOrExplain(protectInstancesInput, raw, remediation);
      return { fields, untilLaunchesSucceed: fields.until === 'launches-succeed' };
    }
    case 'drain-pending-wait': {
      const fields = parseOrExplain(drainPendingWaitInput, raw, remediation);
      return { fields, untilLaunchesSucceed: false, drain: toDrainSettings(fields) };
    }
    case 'resize-in-place': {
      const fields = parseOrExplain(resizeInPlaceInput(), raw, remediation);
      return { fields, untilLaunchesSucceed: false, resize: toResizeSettings(fields) };
    }
  }
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
  if (remediation === 'resize-in-place' && typeof raw === 'object' && raw !== null && 'bringHome' in raw) {
    const { bringHome } = parseOrExplain(
      z.strictObject({ bringHome: incidentOf(remediation) }),
      raw,
      remediation,
    );
    return { trigger: 'sweep', incidentId: bringHome };
  }
  if (remediation !== 'resize-in-place' && typeof raw === 'object' && raw !== null && 'giveBack' in raw) {
    const { giveBack } = parseOrExplain(
      z.strictObject({ giveBack: incidentOf(remediation) }),
      raw,
      remediation,
    );
    return { trigger: 'sweep', incidentId: giveBack };
  }
  if (typeof raw === 'object' && raw !== null && 'rule' in raw) {
    const { rule, dryRun, ...signal } = parseOrExplain(ruleInputSchema, raw, remediation);
    return { trigger: 'rule', rule, dryRun, signal };
  }
  const { fields, ...rest } = parseManualFields(remediation, raw);
  const { autoScalingGroupName, tags, reason, dryRun } = fields;
  return {
    trigger: 'manual',
    targets: autoScalingGroupName ? { autoScalingGroupNames: autoScalingGroupName } : { tags: tags ?? {} },
    reason,
    dryRun,
    settings: toHoldSettings(remediation, fields),
    ...rest,
  };
};
