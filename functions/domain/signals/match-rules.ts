import type { Policy, Rule } from '../../events/policy.ts';

/**
 * Whether an alarm name fits a pattern in which `*` stands for any run of characters. Everything else is literal. Each
 * part between two stars is sought once, from where the one before it ended, so that no pattern takes long.
 */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - last.length >= from && name.endsWith(last);
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
