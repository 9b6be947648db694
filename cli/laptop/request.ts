import { parse } from 'yaml';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { didYouMean } from '../../functions/events/nearest.ts';
import type { Policy, Rule } from '../../functions/events/policy.ts';
import { UsageError } from '../usage-error.ts';

/** What the command line says of a request. */
export interface RequestFlags {
  group?: string[];
  tags?: string[];
  with?: string[];
}

/** What an execution is started with. */
export interface ExecutionRequest {
  remediation: Remediation;
  input: Record<string, unknown>;
}

/** `key=value` as its two parts. */
const parsePair = (flag: string, pair: string): [key: string, value: string] => {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`${flag}: found "${pair}"; allowed: key=value, such as tier=web`);
  return [pair.slice(0, at), pair.slice(at + 1)];
};

/**
 * Pairs as an object.
 * @throws UsageError for a key that stands twice: one of them would be forgotten
 */
const parsePairs = <Value>(
  flag: string,
  pairs: string[],
  toValue: (text: string) => Value,
): Record<string, Value> => {
  const found = new Map<string, Value>();
  for (const pair of pairs) {
    const [key, value] = parsePair(flag, pair);
    if (found.has(key)) throw new UsageError(`${flag}: found "${key}" twice; allowed: once`);
    found.set(key, toValue(value));
  }
  return Object.fromEntries(found);
};

/** A value as it would stand in a policy: `true`, `2`, `10m`, `[Launch, Terminate]`. */
const parseValue = (text: string): unknown => {
  try {
    return parse(text);
  } catch {
    return text;
  }
};

const refuseFor = (rule: Rule, flags: RequestFlags): void => {
  const given = (['group', 'tags', 'with'] as const).find((flag) => flags[flag] !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `--${given}: rule ${rule.name} says itself which groups, and how; allowed: --${given} with a remediation, such as ${rule.do}`,
  );
};

/**
 * The input of an execution that a command line asks for: of a rule by its name, or of a remediation by hand.
 *
 * @param name of a rule of the policy, or of a remediation
 * @param now ISO 8601
 * @throws UsageError for a name that is neither, and for flags that make no request
 */
export const toExecutionRequest = (
  name: string,
  flags: RequestFlags,
  { policy, reason, dryRun, now }: { policy: Policy; reason: string; dryRun: boolean; now: string },
): ExecutionRequest => {
  const rule = policy.rules.find((each) => each.name === name);
  if (rule !== undefined) {
    refuseFor(rule, flags);
    const byHand = { askedAt: now, reason };
    return { remediation: rule.do, input: { rule: rule.name, byHand, ...(dryRun ? { dryRun } : {}) } };
  }
  const remediation = remediationNames.find((each) => each === name);
  if (remediation === undefined) {
    const rules = policy.rules.map((each) => each.name);
    throw new UsageError(
      `rule or remediation: found "${name}"; allowed: the rules ${rules.join(', ')}, or ${remediationNames.join(', ')}${didYouMean(name, [...rules, ...remediationNames])}`,
    );
  }
  const { group, tags, with: fields = [] } = flags;
  if ((group === undefined) === (tags === undefined)) {
    throw new UsageError(
      `groups: found ${group === undefined ? 'neither --group nor --tags' : 'both --group and --tags'}; allowed: one of them, such as --group web-api, or --tags tier=web`,
    );
  }
  return {
    remediation,
    input: {
      ...parsePairs('--with', fields, parseValue),
      ...(group === undefined ? {} : { autoScalingGroupName: group }),
      ...(tags === undefined ? {} : { tags: parsePairs('--tags', tags, (text) => text) }),
      reason,
      ...(dryRun ? { dryRun } : {}),
    },
  };
};
