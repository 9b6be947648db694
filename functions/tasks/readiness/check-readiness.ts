import type { ReadHistory } from '../../aws/history.ts';
import type { Clock } from '../../clock.ts';
import { optInTag } from '../../domain/auto-scaling-group.ts';
import { alarmPatternsOf, decideBacktest } from '../../domain/backtest/decide-backtest.ts';
import { scoreOf } from '../../domain/backtest/decide-score.ts';
import {
  decideReadinessNews,
  isNews,
  type KnownFinding,
  type KnownFindings,
  type ToldFinding,
} from '../../domain/readiness/decide-readiness-news.ts';
import type { UnreadableFact } from '../../domain/readiness/readiness-facts.ts';
import { tellNotReady, tellReadyAgain } from '../../domain/telling/readiness-news-sentences.ts';
import { tellScore } from '../../domain/telling/score-sentences.ts';
import { addSeconds, secondsBetween } from '../../domain/times.ts';
import type { Policy, Rule } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { writeNotice } from '../incidents/emit-facts.ts';
import { lookAtReadiness, type ReadinessDependencies } from './look-at-readiness.ts';
import { lookAtStage, type StageDependencies } from './look-at-stage.ts';
import { tellFindings } from './tell-findings.ts';

/** What the check of a deployed stage needs. */
export interface CheckReadinessDependencies extends ReadinessDependencies, StageDependencies {
  store: Store;
  clock: Clock;
  policy: Policy;
  /** The policy as it was written. */
  policyText: string;
  stage: string;
  /** The most that the stage may do. */
  stageMode: 'live' | 'dry-run' | 'off';
  region: string;
  readHistory: ReadHistory;
  /** Waits so many seconds. */
  pause: (seconds: number) => Promise<void>;
}

/** What one check found. */
export interface CheckReadinessResult {
  /** Everything that is not as it should be, warnings too. */
  findings: string[];
  /** What people were told to be not ready. */
  told: string[];
  /** What people were told to be ready again. */
  readyAgain: string[];
  /** Who tells people instead, where another check ran at the same time. */
  leftTo?: string;
  /** Why rules in dry run could not be scored, where they could not be. */
  notScoredBecause?: string;
}

/** Between two looks, where the first found something new: no single one is believed. */
const secondLookAfterSeconds = 60;

const scoreDays = 7;
const secondsPerDay = 86_400;

/**
 * Checks whether a deployed stage could do its work, tells people once when something became not ready, and once when it
 * is ready again; and publishes the policy that it runs. It changes nothing but that.
 *
 * What comes and goes is one affair: it is over once three checks have not found it. Of each rule in dry run people are told
 * once a week what it would have come to.
 */
export const createCheckReadiness = (dependencies: CheckReadinessDependencies) => {
  const { store, clock, policy, policyText, stage, stageMode, region, pause, readHistory } = dependencies;

  const look = async (): Promise<ToldFinding[]> => {
    const { rules, unreadable: ofRules } = await lookAtReadiness(dependencies, policy);
    const unreadable: UnreadableFact[] = [...ofRules];
    const found = await lookAtStage(dependencies, unreadable);
    return tellFindings(policy, {
      rules,
      unreadable,
      stage: { stage, isDeployed: true, stageMode, ...found },
    });
  };

  /**
   * Tells people of a finding. Its identity has since when it is so: told twice, by two checks at once or by one that died
   * after it, it is one message.
   */
  const tell = async (
    what: 'not ready' | 'ready again',
    [key, finding]: [key: string, finding: KnownFinding],
  ): Promise<void> => {
    const toNotice = what === 'not ready' ? tellNotReady : tellReadyAgain;
    await writeNotice(store, {
      ...toNotice(finding, { stage, region }),
      at: clock.now(),
      incidentId: '',
      identity: `readiness#${what}#${finding.since}#${key}`,
    });
  };

  /** Once a week for each rule in dry run; a rule that is new waits for its first. */
  const tellScores = async (scoredBefore: Record<string, string>): Promise<Record<string, string>> => {
    const now = clock.now();
    const before = new Map(Object.entries(scoredBefore));
    const rules = policy.rules.filter(({ dryRun }) => dryRun === true);
    const isDue = ({ name }: Rule): boolean =>
      secondsBetween(before.get(name) ?? now, now) >= scoreDays * secondsPerDay;
    const due = rules.filter(isDue);
    if (due.length > 0) {
      const scored: Policy = { rules: due };
      const from = addSeconds(now, -scoreDays * secondsPerDay);
      const history = await readHistory(alarmPatternsOf(scored), from, now);
      const groups = await dependencies.autoScaling.describeAutoScalingGroupsByTags({
        [optInTag.key]: optInTag.value,
      });
      for (const result of decideBacktest(scored, history, groups)) {
        await writeNotice(store, {
          ...tellScore(scoreOf(result), scoreDays, { region }),
          at: now,
          incidentId: '',
          identity: `score#${result.rule}#${now.slice(0, 10)}`,
        });
      }
    }
    return Object.fromEntries(
      rules.map((rule) => [rule.name, isDue(rule) ? now : (before.get(rule.name) ?? now)]),
    );
  };

  return async (): Promise<CheckReadinessResult> => {
    await store.publishPolicy(policyText, stageMode);
    const stored = await store.readReadiness();
    const first = await look();
    let second = first;
    if (isNews(stored.known, first)) {
      await pause(secondLookAfterSeconds);
      second = await look();
    }
    const { known, notReady, readyAgain } = decideReadinessNews(stored.known, [first, second], clock.now());
    const result: CheckReadinessResult = {
      findings: second.map(({ found, finding }) => `${finding.rule ?? stage}: ${found}`),
      told: notReady.map(([key]) => key),
      readyAgain: readyAgain.map(([key]) => key),
    };
    // Since when it is so is written down before anybody is told.
    const written = await store.writeReadiness({ ...stored, at: clock.now(), known });
    if (written === undefined) return { ...result, told: [], readyAgain: [], leftTo: 'another check' };
    for (const entry of notReady) await tell('not ready', entry);
    for (const entry of readyAgain) await tell('ready again', entry);
    const told: KnownFindings = Object.fromEntries([
      ...Object.entries(known).filter(([key]) => !result.readyAgain.includes(key)),
      ...notReady.map(([key, finding]): [string, KnownFinding] => [key, { ...finding, isTold: true }]),
    ]);
    let { scoredAt } = stored;
    try {
      scoredAt = await tellScores(scoredAt);
    } catch (error) {
      // What is not ready is told all the same; the next check tries again.
      result.notScoredBecause = dependencies.explain(error);
    }
    await store.writeReadiness({ ...written, known: told, scoredAt });
    return result;
  };
};
