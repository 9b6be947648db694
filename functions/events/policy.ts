import * as z from 'zod';
import { InvalidPolicyError } from '../domain/errors.ts';
import type { DrainSettings, HoldSettings, Remediation, ResizeSettings } from '../domain/holds/settings.ts';
import { failureWindowSecondsMax } from '../domain/launches/launch-record.ts';
import { describeIssues } from './describe-issues.ts';
import { duration, optionalDuration } from './duration.ts';
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

const alarm = oneNameOrSeveral().check(
  z.describe('The CloudWatch alarms that start the rule: names, or patterns in which * stands for anything.'),
);
const freshFor = optionalDuration(
  60,
  21_600,
  900,
  'An alarm event older than this starts nothing; the sweep looks whether it is still true.',
);
const launchFailures = z
  .strictObject({
    count: z.int().min(1).max(100).describe('So many failed launches of one group'),
    within: duration(60, failureWindowSecondsMax).check(z.describe('within so long.')),
  })
  .describe('Failed launches of one group that start the rule for that group.');
const stuckInstances = z
  .int()
  .min(1)
  .max(1000)
  .describe('So many instances of one group in Pending:Wait for longer than olderThan start the rule.');

const exactlyOne = (names: string[]) => (when: Record<string, unknown>) =>
  names.filter((name) => when[name] !== undefined).length === 1;

const common = {
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,39}$/,
      'a lower-case name of at most 40 letters, digits and hyphens: it becomes part of execution names',
    )
    .describe('Names the rule in executions, journal and messages.'),
  description: z.string().max(500).optional().describe('For people.'),
  targets: z
    .strictObject({
      tags: tagsSchema.check(
        z.describe('Groups that carry all of these tags, and the opt-in tag holdfast=true, take part.'),
      ),
    })
    .describe('Which groups the rule is about.'),
};

const pauseScalingRule = z.strictObject({
  ...common,
  do: z.literal('pause-scaling').describe('Nothing is taken away while the network loses packets.'),
  when: z.strictObject({ alarm, freshFor }),
  with: z
    .strictObject(pauseScalingFields)
    .check(...holdChecks)
    .prefault({})
    .describe('How the remediation behaves.'),
});

const protectInstancesRule = z.strictObject({
  ...common,
  do: z.literal('protect-instances').describe('What runs is kept while nothing can be launched.'),
  when: z
    .strictObject({ alarm: z.optional(alarm), launchFailures: launchFailures.optional(), freshFor })
    .refine(exactlyOne(['alarm', 'launchFailures']), 'exactly one of alarm and launchFailures'),
  with: z
    .strictObject(protectInstancesFields)
    .check(...holdChecks)
    .prefault({})
    .describe('How the remediation behaves.'),
});

const drainPendingWaitRule = z.strictObject({
  ...common,
  do: z
    .literal('drain-pending-wait')
    .describe('Launches that are stuck in Pending:Wait are ended, a few at a time.'),
  when: z
    .strictObject({ alarm: z.optional(alarm), stuckInstances: stuckInstances.optional(), freshFor })
    .refine(exactlyOne(['alarm', 'stuckInstances']), 'exactly one of alarm and stuckInstances'),
  with: z
    .strictObject(drainPendingWaitFields)
    .check(...drainChecks)
    .prefault({})
    .describe('How the remediation behaves.'),
});

const resizeInPlaceRule = z.strictObject({
  ...common,
  do: z
    .literal('resize-in-place')
    .describe('Running instances get a larger type, wave by wave, in groups whose launches fail.'),
  when: z.strictObject({ alarm, freshFor }),
  with: z.strictObject(resizeInPlaceFields()).describe('How the remediation behaves.'),
});

const ruleSchema = z
  .discriminatedUnion('do', [pauseScalingRule, protectInstancesRule, drainPendingWaitRule, resizeInPlaceRule])
  .transform((rule): Rule => {
    const { freshFor: freshForSeconds, ...when } = rule.when;
    return {
      name: rule.name,
      do: rule.do,
      when: {
        freshForSeconds,
        ...(when.alarm === undefined ? {} : { alarm: when.alarm }),
        ...('launchFailures' in when && when.launchFailures !== undefined
          ? {
              launchFailures: {
                count: when.launchFailures.count,
                withinSeconds: when.launchFailures.within,
              },
            }
          : {}),
        ...('stuckInstances' in when && when.stuckInstances !== undefined
          ? { stuckInstances: when.stuckInstances }
          : {}),
      },
      targets: rule.targets,
      settings: toHoldSettings(rule.do, rule.with),
      ...(rule.do === 'drain-pending-wait' ? { drain: toDrainSettings(rule.with) } : {}),
      ...(rule.do === 'resize-in-place' ? { resize: toResizeSettings(rule.with) } : {}),
    };
  });

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
  /** What starts it: exactly one of these, apart from how old an alarm event may be. */
  when: {
    alarm?: string[];
    launchFailures?: { count: number; withinSeconds: number };
    stuckInstances?: number;
    freshForSeconds: number;
  };
  do: Remediation;
  targets: { tags: Record<string, string> };
  settings: HoldSettings;
  /** Of a rule that drains. */
  drain?: DrainSettings;
  /** Of a rule that resizes. */
  resize?: ResizeSettings;
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
