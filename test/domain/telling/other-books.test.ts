import { describe, expect, it } from 'vitest';
import type { Score } from '../../../functions/domain/backtest/decide-score.ts';
import type { BreakerNews } from '../../../functions/domain/drain/decide-breaker.ts';
import type { DrainStep } from '../../../functions/domain/drain/decide-drain-step.ts';
import type { DrainWait } from '../../../functions/domain/drain/decide-drains.ts';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import type { ReadinessFact } from '../../../functions/domain/readiness/decide-readiness.ts';
import type { KnownFinding } from '../../../functions/domain/readiness/decide-readiness-news.ts';
import {
  readJournalCommand,
  readKillSwitchHistoryCommand,
  regionOf,
  setKillSwitchCommand,
  stopExecutionCommand,
} from '../../../functions/domain/telling/commands.ts';
import {
  alarmLink,
  evidenceLink,
  executionLink,
  groupLink,
  type Place,
  runbookLink,
} from '../../../functions/domain/telling/console-links.ts';
import {
  drainLeftTodo,
  tellBreakerNews,
  tellBreakerOpened,
  tellChoice,
  tellDrainStep,
} from '../../../functions/domain/telling/drain-sentences.ts';
import type { Notice } from '../../../functions/domain/telling/notice.ts';
import { tellNotReady, tellReadyAgain } from '../../../functions/domain/telling/readiness-news-sentences.ts';
import { tellReadiness } from '../../../functions/domain/telling/readiness-sentences.ts';
import { tellScore } from '../../../functions/domain/telling/score-sentences.ts';
import { tellLine } from '../../../functions/domain/telling/sentence-of.ts';
import { noticesIn } from '../../../functions/domain/telling/told-at-once.ts';
import { later, now } from '../holds/group-fixtures.ts';
import { aBreaker } from '../launches/launch-fixtures.ts';
import { type Each, expectPage, told } from './book.ts';
import { execution, place } from './telling-fixtures.ts';

const region = 'eu-west-1';
const incidentId = execution('loss-1');

describe('what people are told of draining', () => {
  it('of an instance and of a breaker', async () => {
    const waits: Each<DrainWait> = {
      WIDESPREAD: [{ because: 'WIDESPREAD', failingGroups: 7, managedGroups: 9 }],
      PROCESS_SUSPENDED: [{ because: 'PROCESS_SUSPENDED', process: 'Launch' }],
      HOOKS_CONTINUE: [{ because: 'HOOKS_CONTINUE' }],
      HOOKS_UNREADABLE: [{ because: 'HOOKS_UNREADABLE' }],
      BREAKER_OPEN: [{ because: 'BREAKER_OPEN', probeAt: later(600) }],
      BREAKER_PROBES: [{ because: 'BREAKER_PROBES' }],
      PER_GROUP_PER_HOUR: [{ because: 'PER_GROUP_PER_HOUR', limit: 6 }],
      BREAKER_AFTER: [{ because: 'BREAKER_AFTER', limit: 3 }],
      AT_ONCE: [{ because: 'AT_ONCE', limit: 5 }],
      PER_HOUR: [{ because: 'PER_HOUR', limit: 30 }],
    };
    const stuck = {
      instanceId: 'i-1',
      since: now,
      from: 'lifecycle event',
      waitedSeconds: 1500,
      autoScalingGroupName: 'web',
    } as const;
    type Step = DrainStep & { action: 'END' | 'CALL' };
    const end = { action: 'END', stage: 'LEFT' } as const;
    const call = { action: 'CALL', stage: 'TERMINATED', calls: [] as never[] } as const;
    const steps: Each<Step> = {
      LEFT_THE_GROUP: [{ ...end, because: 'LEFT_THE_GROUP' }],
      NEVER_IN_SERVICE: [{ ...end, because: 'NEVER_IN_SERVICE' }],
      NOT_WAITING_ANY_MORE: [{ ...end, because: 'NOT_WAITING_ANY_MORE', lifecycleState: 'InService' }],
      REFUSED: [{ ...end, because: 'REFUSED', attempts: 5 }],
      STILL_THERE: [{ ...end, because: 'STILL_THERE', terminatedSeconds: 900 }],
      ENDED_BEFORE: [{ ...end, because: 'ENDED_BEFORE' }],
      WAITED: [{ ...call, calls: [], because: 'WAITED', since: now, from: 'scaling activity' }],
      NO_LAUNCH_HOOK: [{ ...call, calls: [], because: 'NO_LAUNCH_HOOK' }],
      STAYED: [{ ...call, calls: [], because: 'STAYED' }],
    };
    const news: Each<BreakerNews> = {
      LAUNCH_SUCCEEDED: [{ because: 'LAUNCH_SUCCEEDED' }],
      NOTHING_MISSING: [{ because: 'NOTHING_MISSING' }],
      PROBES: [{ because: 'PROBES', probes: 2 }],
      PROBE_FAILED: [
        { because: 'PROBE_FAILED', delaySeconds: 1200, failure: 'STUCK', instanceId: 'i-1' },
        { because: 'PROBE_FAILED', delaySeconds: 1200, failure: 'LAUNCH_FAILED' },
        { because: 'PROBE_FAILED', delaySeconds: 1200, failure: 'NO_LAUNCH' },
      ],
    };
    const breaker = aBreaker({ isTold: false, cameBack: 'i-9' });
    await expectPage('drain', {
      'Drained, or not yet': [
        tellChoice({ action: 'DRAIN', ...stuck }),
        ...told(waits, (wait) => tellChoice({ action: 'WAIT', ...stuck, ...wait })),
      ],
      'What was done': told(steps, tellDrainStep),
      'What a person can do about it': told(steps, (step) => drainLeftTodo(region, 'i-1', step)),
      'A breaker': told(news, tellBreakerNews),
      'It opens': [
        tellBreakerOpened({ ...breaker, drained: 1 }),
        tellBreakerOpened({ ...breaker, drained: 3 }),
        tellBreakerOpened(breaker),
        tellBreakerOpened({ ...breaker, reason: 'as a release before told it' }),
      ],
    });
  });
});

describe('what people are told of readiness', () => {
  const facts: Each<ReadinessFact> = {
    NO_ALARM: [
      { because: 'NO_ALARM', patterns: ['loss-*', 'drop-*'], otherAlarms: { names: [], count: 0 } },
      {
        because: 'NO_ALARM',
        patterns: ['loss-*'],
        otherAlarms: { names: ['lost'], count: 1, nearest: 'lost' },
      },
      { because: 'NO_ALARM', patterns: ['loss-*'], otherAlarms: { names: ['cpu', 'disk'], count: 9 } },
    ],
    ALARM_SUPPRESSED: [
      { because: 'ALARM_SUPPRESSED', alarmName: 'loss', why: 'its actions are disabled' },
      { because: 'ALARM_SUPPRESSED', alarmName: 'loss', why: 'a mute rule mutes it' },
    ],
    ALARM_WITHOUT_DATA: [{ because: 'ALARM_WITHOUT_DATA', alarmName: 'loss' }],
    MISSING_DATA_IS_GOOD: [{ because: 'MISSING_DATA_IS_GOOD', alarmName: 'loss' }],
    METRIC_WITHOUT_DATA: [{ because: 'METRIC_WITHOUT_DATA', alarmName: 'loss' }],
    NO_GROUP: [{ because: 'NO_GROUP', tags: { tier: 'web', team: 'shop' } }],
    NOT_OPTED_IN: [
      { because: 'NOT_OPTED_IN', groups: ['a', 'b', 'c', 'd', 'e', 'f'], isAny: true },
      { because: 'NOT_OPTED_IN', groups: ['a'], isAny: false },
    ],
    TOO_MANY_GROUPS: [{ because: 'TOO_MANY_GROUPS', groupsFound: 30, groupsMax: 25 }],
    OVER_GROUPS_MAX: [{ because: 'OVER_GROUPS_MAX', groups: ['y', 'z'], groupsMax: 25 }],
    GROUP_REFUSED: [{ because: 'GROUP_REFUSED', groups: ['a'], why: 'it launches Spot Instances' }],
    GROUP_WARNED: [{ because: 'GROUP_WARNED', groups: ['a'], why: 'it keeps a warm pool' }],
    NO_LAUNCH_HOOK: [{ because: 'NO_LAUNCH_HOOK', groups: ['a'] }],
    HOOK_CONTINUES: [{ because: 'HOOK_CONTINUES', groups: ['a'] }],
    HOOK_TOO_SHORT: [{ because: 'HOOK_TOO_SHORT', groups: ['a'], olderThanSeconds: 900 }],
    CHECKS_EC2_ONLY: [{ because: 'CHECKS_EC2_ONLY', groups: ['a'] }],
    CANNOT_RESIZE: [{ because: 'CANNOT_RESIZE', groups: ['a'], why: 'nothing is in service' }],
    NOT_DEPLOYED: [{ because: 'NOT_DEPLOYED', stage: 'prod' }],
    SWITCHED: [
      { because: 'SWITCHED', word: 'off', isKnown: true },
      { because: 'SWITCHED', word: 'disabled', isKnown: false },
    ],
    NOBODY_IS_TOLD: [
      { because: 'NOBODY_IS_TOLD', pending: 0 },
      { because: 'NOBODY_IS_TOLD', pending: 2 },
      { because: 'NOBODY_IS_TOLD', pending: 0, hasNoTopic: true },
    ],
    POLICY_DIFFERS: [
      { because: 'POLICY_DIFFERS', changed: ['loss'], onlyHere: ['new'], onlyDeployed: ['old'] },
      { because: 'POLICY_DIFFERS', changed: [], onlyHere: ['new'], onlyDeployed: [] },
    ],
    ROLES_DENIED: [
      {
        because: 'ROLES_DENIED',
        by: 'BOUNDARY',
        actions: ['autoscaling:SuspendProcesses'],
        functionNames: ['applyHold', 'planHold'],
      },
      {
        because: 'ROLES_DENIED',
        by: 'ORGANIZATION',
        actions: ['ec2:StopInstances'],
        functionNames: ['resize'],
      },
    ],
    UNREADABLE: [
      'User is not authorized to perform this.',
      'AccessDenied',
      'no permission',
      'only the first 50 were looked at',
      'the stage publishes it within the hour',
      'Throttling: Rate exceeded',
    ].map((why) => ({ because: 'UNREADABLE', what: 'who is subscribed', why })),
  };

  it('by a check', async () => {
    await expectPage('readiness', {
      'What stands in the way': told(facts, (fact) => {
        const { found, remedy } = tellReadiness(fact);
        return [found, `-> ${remedy}`];
      }),
    });
  });

  it('by the stage itself, and once a week of rules in dry run', async () => {
    const known: KnownFinding = {
      level: 'NOT_READY',
      rule: 'loss',
      isUnreadable: false,
      found: 'no group has the tags tier=web',
      remedy: 'tag the groups',
      groups: [],
      since: now,
      isTold: false,
    };
    const { rule: _rule, ...ofStage } = known;
    const score: Score = {
      rule: 'loss',
      holds: 3,
      secondsHeld: 7200,
      kept: 4,
      idle: 1,
      proposal: 'GO_LIVE',
    };
    const tell = (notice: object): string => JSON.stringify(notice, undefined, 1);
    await expectPage('readiness-news', {
      'Not ready': [
        tell(tellNotReady(known, place)),
        tell(tellNotReady({ ...ofStage, isUnreadable: true, groups: ['web'] }, place)),
      ],
      'Ready again': [
        tell(tellReadyAgain({ ...known, goneSince: later(5400) }, place)),
        tell(tellReadyAgain(ofStage, place)),
      ],
      Scores: [
        score,
        { ...score, holds: 1, kept: 1, idle: 0 },
        { ...score, idle: 2, proposal: 'NARROW' as const },
        { ...score, holds: 0, kept: 0, idle: 0, proposal: 'WAIT' as const },
        { ...score, holds: 0, proposal: 'WAIT' as const, unknownBecause: 'no alarm here is called loss' },
      ].map((each) => tell(tellScore(each, 7, place))),
    });
  });
});

describe('what people are told at once', () => {
  it('of each event, and of many at one time', async () => {
    const entry = (event: JournalEntry['event'], over: Partial<JournalEntry> = {}): JournalEntry => ({
      at: now,
      event,
      autoScalingGroupName: 'web',
      text: 'something happened',
      ...over,
    });
    const entries: JournalEntry[] = [
      entry('overridden', { todo: ['Set it again: aws x y --region z'] }),
      entry('override-explained'),
      entry('breaker-opened'),
      entry('widespread'),
      entry('mostly-unhealthy'),
      entry('in-progress', { because: 'INSTANCE_REFRESH' }),
      entry('in-progress', { because: 'STACK_UPDATE' }),
      entry('taken-back-by-update'),
      entry('broken-newcomers'),
      ...['NOT_RESTORED', 'BROKEN_NEWCOMERS_STAY', 'REFUSED', 'STILL_THERE', 'UNHEALTHY'].map((because) =>
        entry('left', { because, instanceId: 'i-1' }),
      ),
      entry('left'),
      entry('held'),
    ];
    const many = Array.from({ length: 21 }, (_, n) =>
      entry('overridden', { autoScalingGroupName: `web-${String(20 - n).padStart(2, '0')}` }),
    );
    const tell = ({ identity: _identity, done, todo, ...notice }: Notice): string =>
      JSON.stringify({ ...notice, done: done.map(tellLine), todo: todo.map(tellLine) }, undefined, 1);
    await expectPage('told-at-once', {
      'One at a time': entries.flatMap((each) => noticesIn(incidentId, [each])).map(tell),
      'More than twenty at one time': noticesIn(incidentId, many).map(tell),
    });
    expect(noticesIn(incidentId, many.slice(1))).toHaveLength(20);
    const [one, same, another] = [many[0], many[0], many[1]].map((each) =>
      each === undefined ? undefined : noticesIn(incidentId, [each])[0]?.identity,
    );
    expect(same).toBe(one);
    expect(another).not.toBe(one);
  });
});

describe('commands and links', () => {
  it('of a stage', async () => {
    const links = (over: Partial<Place>): string[] => {
      const there = { ...place, ...over };
      return [
        executionLink(there, incidentId),
        groupLink(there, 'web & api \ud800'),
        alarmLink(there, 'loss/of 100 % \ud800'),
        runbookLink(there, 'acted'),
        evidenceLink(there),
      ];
    };
    expect(regionOf(incidentId)).toBe('eu-west-1');
    await expectPage('commands-and-links', {
      Commands: [
        stopExecutionCommand(incidentId),
        setKillSwitchCommand(region, place.killSwitchParameter, 'off'),
        readKillSwitchHistoryCommand(region, place.killSwitchParameter),
        readJournalCommand(region, place.tableName, incidentId),
      ],
      Links: links({}),
      'In China': links({ partition: 'aws-cn', region: 'cn-north-1' }),
      'In GovCloud': links({ partition: 'aws-us-gov', region: 'us-gov-west-1' }),
      Elsewhere: links({ partition: 'aws-iso', docsUrl: 'https://docs.example.com/holdfast' }),
    });
  });
});
