import * as z from 'zod';
import { optInTag } from '../domain/auto-scaling-group.ts';
import { duration, optionalDuration } from '../domain/duration.ts';
import { InvalidPolicyError } from '../domain/errors.ts';
import type { AskedSettings } from '../domain/incident.ts';
import { failureWindowSecondsMax } from '../domain/launches/launch-record.ts';
import type { RemediationRecord } from '../domain/remediation.ts';
import { type Remediation, remediationNames } from '../domain/remediation-names.ts';
import { remediations } from '../domain/remediations.ts';
import { describeIssues, type IssueSource } from './describe-issues.ts';
import { oneNameOrSeveral, tagsSchema } from './targets.ts';

const alarm = oneNameOrSeveral().check(
  z.refine(
    (patterns) => patterns.every((pattern) => /[^*]/.test(pattern)),
    'a name, or a pattern with something beside *: "*" alone is every alarm of the account, those of scaling policies too',
  ),
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

const common = {
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,39}$/,
      'a lower-case name of at most 40 letters, digits and hyphens: it becomes part of execution names',
    )
    .describe('Names the rule in executions, journal and messages.'),
  description: z.string().max(500).optional().describe('For people.'),
  mode: z
    .enum(['live', 'dry-run'])
    .optional()
    .describe(
      'dry-run: the rule only plans and tells what it would do, also in a live stage. A live rule that drains starts protect-instances live when its breaker opens, whatever the mode of the rules that protect.',
    ),
  targets: z
    .strictObject({
      tags: tagsSchema.check(
        z.refine(({ [optInTag.key]: value }) => value === undefined || value === optInTag.value, {
          path: [optInTag.key],
          error: `"${optInTag.value}", or nothing: only groups with the tag ${optInTag.key}=${optInTag.value} ever take part`,
        }),
        z.describe('Groups that carry all of these tags, and the opt-in tag holdfast=true, take part.'),
      ),
    })
    .describe('Which groups the rule is about.'),
};

/** What starts a rule beside an alarm. */
const starters = { launchFailures: launchFailures.optional(), stuckInstances: stuckInstances.optional() };

/** What starts a rule, as it is parsed. */
interface ParsedWhen {
  alarm?: string[];
  launchFailures?: { count: number; within: number };
  stuckInstances?: number;
  freshFor: number;
}

/** A rule, as it is parsed. */
interface ParsedRule {
  name: string;
  mode?: 'live' | 'dry-run';
  do: Remediation;
  when: ParsedWhen;
  targets: { tags: Record<string, string> };
  with: Record<string, unknown>;
}

const whenOf = ({ startsOn }: RemediationRecord) =>
  startsOn === undefined
    ? z.strictObject({ alarm, freshFor })
    : z
        .strictObject({ alarm: z.optional(alarm), [startsOn]: starters[startsOn], freshFor })
        .refine(
          (when: Record<string, unknown>) => (when.alarm === undefined) !== (when[startsOn] === undefined),
          `exactly one of alarm and ${startsOn}`,
        );

const withOf = ({ fields, checks }: RemediationRecord) => {
  const all = z.strictObject(fields()).check(...checks());
  // Where every field may be left out, so may all of them.
  return (all.safeParse({}).success ? all.prefault({}) : all).describe('How the remediation behaves.');
};

const ruleOf = (remediation: Remediation) => {
  const record = remediations[remediation];
  return z.strictObject({
    ...common,
    do: z.literal(remediation).describe(record.description),
    when: whenOf(record),
    with: withOf(record),
  });
};

const [firstRule, ...otherRules] = remediationNames.map(ruleOf);

const ruleSchema = z
  .discriminatedUnion('do', [firstRule as NonNullable<typeof firstRule>, ...otherRules])
  .transform((parsed): Rule => {
    // The schemas are made from the records, so what is parsed is as the records say.
    const rule = parsed as ParsedRule;
    const { alarm: alarms, launchFailures: failures, stuckInstances: stuck, freshFor: seconds } = rule.when;
    return {
      name: rule.name,
      do: rule.do,
      when: {
        freshForSeconds: seconds,
        ...(alarms === undefined ? {} : { alarm: alarms }),
        ...(failures === undefined
          ? {}
          : { launchFailures: { count: failures.count, withinSeconds: failures.within } }),
        ...(stuck === undefined ? {} : { stuckInstances: stuck }),
      },
      targets: rule.targets,
      ...(rule.mode === 'dry-run' ? { dryRun: true } : {}),
      ...remediations[rule.do].toSettings(rule.with),
    };
  });

/** The one schema of `infra/policy.yml`. */
const policySchema = z
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
export interface Rule extends AskedSettings {
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
  /** The rule only plans, whatever the stage may. */
  dryRun?: true;
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
 * @param file where its fields stand in it, and how they are written there
 * @throws InvalidPolicyError naming rule, field, what was found and what is allowed, one line per mistake
 */
export const parsePolicy = (
  raw: unknown,
  source: string,
  file?: Pick<IssueSource, 'positionOf' | 'textOf'>,
): Policy => {
  const parsed = policySchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new InvalidPolicyError(
    `${source} is not a valid policy:\n${describeIssues(policySchema, parsed.error, raw, { fieldName: fieldName(raw), language: 'YAML', ...file })}`,
  );
};

/** The JSON Schema of `infra/policy.yml`, for editors. Committed as `infra/policy.schema.json`. */
export const policyJsonSchema = (): object =>
  z.toJSONSchema(policySchema, { io: 'input', unrepresentable: 'any' });
