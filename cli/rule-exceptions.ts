/** What a rule pack complains about in one resource. */
export interface Finding {
  rule: string;
  /** Logical id. */
  resource: string;
  description: string;
}

/** A rule that is not followed, where, and why. */
export interface RuleException {
  /** Names of rules, as the pack writes them; `FUNCTION` stands for the name of any function. */
  rules: string[];
  /** Logical ids; a `*` in front stands for any characters. */
  resources: string[];
  reason: string;
}

const isLike = (pattern: string, text: string): boolean =>
  pattern.startsWith('*') ? text.endsWith(pattern.slice(1)) : text === pattern;

const isRule = (pattern: string, rule: string): boolean => {
  const [before = '', after] = pattern.split('FUNCTION');
  if (after === undefined) return rule === pattern;
  const name = rule.slice(before.length, rule.length - after.length);
  return rule.startsWith(before) && rule.endsWith(after) && /^\w+$/.test(name);
};

/**
 * What is wrong between what a rule pack found and the exceptions that are written down: a finding without a reason, an
 * exception that no finding needs, and one without a reason.
 */
export const compareWithExceptions = (findings: Finding[], exceptions: RuleException[]): string[] => {
  const isMeant = ({ rules, resources }: RuleException, { rule, resource }: Finding): boolean =>
    rules.some((pattern) => isRule(pattern, rule)) && resources.some((pattern) => isLike(pattern, resource));
  return [
    ...findings
      .filter((finding) => !exceptions.some((exception) => isMeant(exception, finding)))
      .map(({ rule, resource, description }) => `${resource}: ${rule}: ${description}`),
    ...exceptions.flatMap(({ rules, resources, reason }) => [
      ...(reason.trim() === '' ? [`The exception of ${rules.join(', ')} has no reason`] : []),
      ...rules
        .flatMap((rule) => resources.map((resource) => ({ rules: [rule], resources: [resource], reason })))
        .filter((exception) => !findings.some((finding) => isMeant(exception, finding)))
        .map(
          (exception) =>
            `No finding needs the exception of ${exception.rules[0]} in ${exception.resources[0]}`,
        ),
    ]),
  ];
};
