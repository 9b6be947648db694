import * as z from 'zod/mini';
import { InvalidInputError } from '../domain/errors.ts';
import type { HoldSettings } from '../domain/hold-effects.ts';
import { describeIssues } from './describe-issues.ts';
import { pauseScalingChecks, pauseScalingFields, toHoldSettings } from './pause-scaling-settings.ts';
import { oneNameOrSeveral, tagsSchema } from './targets.ts';

/** What `routeSignal` and the sweep start an execution with. */
const ruleInputSchema = z.strictObject({
  rule: z.string().check(z.minLength(1)),
  alarm: z.strictObject({
    alarmName: z.string().check(z.minLength(1)),
    alarmArn: z.string().check(z.minLength(1)),
    stateTimestamp: z.iso.datetime('an ISO 8601 time in UTC'),
  }),
  dryRun: z._default(z.boolean(), false),
});

/** What a person starts an execution with. */
const manualInputSchema = z
  .strictObject({
    autoScalingGroupName: z.optional(oneNameOrSeveral()).check(z.describe('One group or several, by name.')),
    tags: z.optional(tagsSchema).check(z.describe('Groups that carry all of these tags.')),
    reason: z
      .string()
      .check(z.minLength(3), z.maxLength(500), z.describe('Why, for everybody who meets the hold.')),
    dryRun: z._default(z.boolean(), false),
    ...pauseScalingFields,
  })
  .check(
    z.refine((input) => (input.autoScalingGroupName === undefined) !== (input.tags === undefined), {
      path: ['autoScalingGroupName'],
      error: 'either autoScalingGroupName or tags, and not both',
    }),
    ...pauseScalingChecks,
  );

/** The input of an execution, parsed. */
export type HoldInput =
  | { trigger: 'rule'; rule: string; alarm: z.output<typeof ruleInputSchema>['alarm']; dryRun: boolean }
  | {
      trigger: 'manual';
      targets: { autoScalingGroupNames: string[] } | { tags: Record<string, string> };
      reason: string;
      dryRun: boolean;
      settings: HoldSettings;
    };

/** A correct input, shown with every complaint about a wrong one. */
export const manualInputExample = {
  autoScalingGroupName: 'web',
  reason: 'switch upgrade',
  expiresAfter: '2h',
};

const parseOrExplain = <Schema extends z.ZodMiniType>(schema: Schema, raw: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(
    `The input of this execution is not valid; nothing was changed.\n${describeIssues(schema, parsed.error, raw)}\nA correct input by hand: ${JSON.stringify(manualInputExample)}`,
  );
};

/**
 * Parses the input an execution was started with: by a rule (it has the field `rule`) or by hand.
 *
 * @throws InvalidInputError naming the field, what is allowed, and a correct example
 */
export const parseHoldInput = (raw: unknown): HoldInput => {
  if (typeof raw === 'object' && raw !== null && 'rule' in raw) {
    return { trigger: 'rule', ...parseOrExplain(ruleInputSchema, raw) };
  }
  const { autoScalingGroupName, tags, reason, dryRun, ...fields } = parseOrExplain(manualInputSchema, raw);
  return {
    trigger: 'manual',
    targets: autoScalingGroupName ? { autoScalingGroupNames: autoScalingGroupName } : { tags: tags ?? {} },
    reason,
    dryRun,
    settings: toHoldSettings(fields),
  };
};
