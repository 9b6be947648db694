import type { ReadHistory } from '../../aws/history.ts';
import type { Clock } from '../../clock.ts';
import { optInTag } from '../../domain/auto-scaling-group.ts';
import { alarmPatternsOf, decideBacktest } from '../../domain/backtest/decide-backtest.ts';
import { scoreOf } from '../../domain/backtest/decide-score.ts';
import {
  decideReadinessNews,
  isNews,
  type KnownFinding,
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
}

/** Between two looks, where the first found something new: no single one is believed. */
const secondLookAfterSeconds = 60;

const scoreDays = 7;
const secondsPerDay = 86_400;

/**
 * Checks whether a deployed stage could do its work, tells people once when something became not ready, and once when it
 * is ready again; and publishes the policy that it runs. It changes nothing but that.
 *
 * A finding is told at most once a day, however often it comes and goes. Of each rule in dry run people are told once a week
 * what it would have come to.
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

  /** The day keeps what comes and goes from being told again and again, and a check that died from telling twice. */
  const tell = async (
    [key, finding]: [key: string, finding: KnownFinding],
    toNotice: typeof tellNotReady,
  ): Promise<boolean> => {
    const at = clock.now();
    return writeNotice(store, {
      ...toNotice(finding, { stage, region, at }),
      at,
      incidentId: '',
      identity: `readiness#${key}#${at.slice(0, 10)}`,
    });
  };

  /** Once a week for each rule in dry run; a rule that is new waits for its first. */
  const tellScores = async (scoredBefore: Record<string, string>): Promise<Record<string, string>> => {
    const now = clock.now();
    const rules = policy.rules.filter(({ dryRun }) => dryRun === true);
    const isDue = ({ name }: Rule): boolean =>
      secondsBetween(scoredBefore[name] ?? now, now) >= scoreDays * secondsPerDay;
    const due = rules.filter(isDue);
    if (due.length > 0) {
      const scored: Policy = { rules: due };
      const history = await readHistory(
        alarmPatternsOf(scored),
        addSeconds(now, -scoreDays * secondsPerDay),
        now,
      );
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
      rules.map((rule) => [rule.name, isDue(rule) ? now : (scoredBefore[rule.name] ?? now)]),
    );
  };

  return async (): Promise<CheckReadinessResult> => {
    await store.publishPolicy(policyText);
    const { known, scoredAt: scoredBefore } = (await store.readReadiness()) ?? { known: {}, scoredAt: {} };
    const first = await look();
    let second = first;
    if (isNews(known, first)) {
      await pause(secondLookAfterSeconds);
      second = await look();
    }
    const news = decideReadinessNews(known, [first, second], clock.now());
    const result: CheckReadinessResult = {
      findings: second.map(({ found, finding }) => `${finding.rule ?? stage}: ${found}`),
      told: [],
      readyAgain: [],
    };
    for (const entry of news.notReady) {
      const [key, finding] = entry;
      if (!(await tell(entry, tellNotReady))) continue;
      finding.isTold = true;
      result.told.push(key);
    }
    for (const entry of news.readyAgain) {
      if (await tell(entry, tellReadyAgain)) result.readyAgain.push(entry[0]);
    }
    await store.writeReadiness({ at: clock.now(), known: news.known, scoredAt: scoredBefore });
    const scoredAt = await tellScores(scoredBefore);
    await store.writeReadiness({ at: clock.now(), known: news.known, scoredAt });
    return result;
  };
};
