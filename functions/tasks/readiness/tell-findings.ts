import { decideReadiness } from '../../domain/readiness/decide-readiness.ts';
import type { ToldFinding } from '../../domain/readiness/decide-readiness-news.ts';
import type { ReadinessFacts } from '../../domain/readiness/readiness-facts.ts';
import { tellReadiness } from '../../domain/telling/readiness-sentences.ts';
import type { Policy } from '../../events/policy.ts';

/** What stands in the way of a policy, in words. */
export const tellFindings = (policy: Policy, facts: ReadinessFacts): ToldFinding[] =>
  decideReadiness(policy, facts).map((finding) => ({ finding, ...tellReadiness(finding.fact) }));
