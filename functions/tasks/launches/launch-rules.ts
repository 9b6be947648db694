import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, hasTags, isOptedIn } from '../../domain/auto-scaling-group.ts';
import { addSeconds } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';

/** How long the table remembers which rules are about the launches of a group. */
const rememberedSeconds = 4200;

/** How long before that ends a sweep writes it anew: once an hour. */
const renewedBeforeSeconds = 600;

/** Groups of which it is written at one time. */
const writesAtOnce = 20;

/** Whether a rule is about a group. */
export const isTarget = (rule: Rule, group: AutoScalingGroup): boolean =>
  isOptedIn(group) && hasTags(group, rule.targets.tags);

/** The rules of a policy that are about launches. */
export const launchRulesOf = ({ rules }: Policy): Rule[] =>
  rules.filter((rule) => rule.drain !== undefined || rule.when.launchFailures !== undefined);

/** Tells these rules, and what they are about, from those of another policy. */
export const fingerprintOf = (rules: Rule[]): string =>
  createHash('sha256')
    .update(JSON.stringify(rules.map(({ name, targets }) => [name, targets])))
    .digest('base64url')
    .slice(0, 12);

/**
 * Writes down which rules are about the launches of groups, as they are now, so that their next launch events need not
 * ask Auto Scaling. Nothing is written of a group that no rule is about.
 *
 * @param rules those about launches
 */
export const rememberLaunchRules = async (
  { store, clock }: { store: Store; clock: Clock },
  rules: Rule[],
  groups: AutoScalingGroup[],
): Promise<void> => {
  const policy = fingerprintOf(rules);
  const until = addSeconds(clock.now(), rememberedSeconds);
  await pMap(
    groups,
    async (group) => {
      const about = rules.filter((rule) => isTarget(rule, group)).map(({ name }) => name);
      if (about.length === 0) return;
      await store.writeLaunchRules(group.autoScalingGroupName, { rules: about, policy, until });
    },
    { concurrency: writesAtOnce },
  );
};

/**
 * The same of all groups of a rule, where what is written of them ends soon, or is of another policy: when launches fail
 * in a thousand groups at once, nothing needs to be asked of Auto Scaling about each. Only the first and the last are
 * looked at, so that a sweep does not read as much as that would save; of a new group in between an event asks itself.
 */
export const renewLaunchRules = async (
  dependencies: { store: Store; clock: Clock },
  rules: Rule[],
  groups: AutoScalingGroup[],
): Promise<void> => {
  const policy = fingerprintOf(rules);
  const endsSoon = addSeconds(dependencies.clock.now(), renewedBeforeSeconds);
  for (const group of new Set([...groups.slice(0, 1), ...groups.slice(-1)])) {
    const written = await dependencies.store.readLaunchRules(group.autoScalingGroupName);
    if (written?.policy === policy && written.until > endsSoon) continue;
    await rememberLaunchRules(dependencies, rules, groups);
    return;
  }
};
