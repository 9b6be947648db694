import type { Policy, Rule } from '../events/policy.ts';

/**
 * Whether an alarm name fits a pattern in which `*` stands for any run of characters. Everything else is literal.
 */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 's').test(name);
};

/** The rules of a policy that an alarm of this name starts, in the policy's order. */
export const rulesForAlarm = (policy: Policy, alarmName: string): Rule[] =>
  policy.rules.filter((rule) =>
    (rule.when.alarm ?? []).some((pattern) => matchesPattern(pattern, alarmName)),
  );

/** The rules that failed launches can start. */
export const rulesForLaunchFailures = (policy: Policy): RuleFor<'launchFailures'>[] =>
  policy.rules.filter((rule): rule is RuleFor<'launchFailures'> => rule.when.launchFailures !== undefined);

/** A rule that begins with this. */
export type RuleFor<When extends keyof Rule['when']> = Rule & {
  when: Required<Pick<Rule['when'], When>>;
};
