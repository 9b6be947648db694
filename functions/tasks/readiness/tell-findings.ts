import { decideReadiness } from '../../domain/readiness/decide-readiness.ts';
import type { ToldFinding } from '../../domain/readiness/decide-readiness-news.ts';
import type { ReadinessFacts } from '../../domain/readiness/readiness-facts.ts';
import { tellReadiness } from '../../domain/telling/readiness-sentences.ts';
import { nearestToPattern } from '../../events/nearest.ts';
import type { Policy } from '../../events/policy.ts';

/** What stands in the way of a policy, in words; of an alarm that is not there with the one that was probably meant. */
export const tellFindings = (policy: Policy, facts: ReadinessFacts): ToldFinding[] =>
  decideReadiness(policy, facts).map((finding) => {
    const { fact } = finding;
    const nearest =
      fact.because === 'NO_ALARM'
        ? fact.patterns
            .map((pattern) => nearestToPattern(pattern, fact.otherAlarmNames))
            .find((name) => name !== undefined)
        : undefined;
    return { finding, ...tellReadiness(fact, nearest) };
  });
