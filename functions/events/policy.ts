import * as z from 'zod';
import { InvalidPolicyError } from '../domain/errors.ts';
import type { HoldSettings } from '../domain/hold-effects.ts';
import { describeIssues } from './describe-issues.ts';
import { optionalDuration } from './duration.ts';
import { pauseScalingChecks, pauseScalingFields, toHoldSettings } from './pause-scaling-settings.ts';
import { oneNameOrSeveral, tagsSchema } from './targets.ts';

const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9-]{0,39}$/,
        'a lower-case name of at most 40 letters, digits and hyphens: it becomes part of execution names',
      )
      .describe('Names the rule in executions, journal and messages.'),
    description: z.string().max(500).optional().describe('For people.'),
    when: z.strictObject({
      alarm: oneNameOrSeveral().check(
        z.describe(
          'The CloudWatch alarms that start the rule: names, or patterns in which * stands for anything.',
        ),
      ),
      freshFor: optionalDuration(
        60,
        21_600,
        900,
        'An alarm event older than this starts nothing; the sweep looks whether it is still true.',
      ),
    }),
    do: z.enum(['pause-scaling']).describe('The remediation.'),
    targets: z
      .strictObject({
        tags: tagsSchema.check(
          z.describe('Groups that carry all of these tags, and the opt-in tag holdfast=true, take part.'),
        ),
      })
      .describe('Packet-loss metrics never name a group, so the rule does.'),
    with: z
      .strictObject(pauseScalingFields)
      .check(...pauseScalingChecks)
      .prefault({})
      .describe('How the remediation behaves.'),
  })
  .transform((rule) => ({
    name: rule.name,
    when: { alarm: rule.when.alarm, freshForSeconds: rule.when.freshFor },
    do: rule.do,
    targets: rule.targets,
    settings: toHoldSettings(rule.with),
  }));

/** The one schema of `infra/policy.yml`. */
export const policySchema = z
  .strictObject({
    rules: z.array(ruleSchema).min(1).describe('What Holdfast does, and when.'),
  })
  .superRefine((policy, context) => {
    policy.rules.forEach((rule, index) => {
      const isRepeated = policy.rules.findIndex((other) => other.name === rule.name) < index;
      if (isRepeated) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'name'],
          message: 'a name that no other rule has',
        });
      }
    });
  });

/** One rule, as the code uses it: durations in seconds, defaults filled in. */
export interface Rule {
  name: string;
  when: { alarm: string[]; freshForSeconds: number };
  do: 'pause-scaling';
  targets: { tags: Record<string, string> };
  settings: HoldSettings;
}

/** A parsed policy. */
export interface Policy {
  rules: Rule[];
}

const fieldName =
  (raw: unknown) =>
  (path: readonly PropertyKey[]): string => {
    if (path[0] !== 'rules' || typeof path[1] !== 'number')
      return path.map(String).join('.') || 'the file itself';
    const rules: unknown = (raw as { rules?: unknown }).rules;
    const rule: unknown = Array.isArray(rules) ? rules[path[1]] : undefined;
    const name: unknown = typeof rule === 'object' && rule !== null ? Reflect.get(rule, 'name') : undefined;
    const label = typeof name === 'string' ? `rule "${name}"` : `rule number ${path[1] + 1}`;
    const field = path.slice(2).map(String).join('.');
    return field === '' ? label : `${label}, field ${field}`;
  };

/**
 * Parses a policy that was read from YAML or JSON.
 *
 * @param raw the value as read
 * @param source where it came from, for the message
 * @throws InvalidPolicyError naming rule, field, what was found and what is allowed, one line per mistake
 */
export const parsePolicy = (raw: unknown, source: string): Policy => {
  const parsed = policySchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidPolicyError(
    `${source} is not a valid policy:\n${describeIssues(policySchema, parsed.error, raw, fieldName(raw))}`,
  );
};

/** The JSON Schema of `infra/policy.yml`, for editors. Committed as `infra/policy.schema.json`. */
export const policyJsonSchema = (): object =>
  z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' });
