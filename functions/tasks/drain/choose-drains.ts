import type * as z from 'zod/mini';
import type { Ec2 } from '../../aws/ec2.ts';
import { isOptedIn } from '../../domain/auto-scaling-group.ts';
import type { BreakerNews } from '../../domain/drain/decide-breaker.ts';
import { decideBreaker } from '../../domain/drain/decide-breaker.ts';
import {
  type DrainChoice,
  decideDrains,
  isAtRest,
  type Widespread,
  withChosen,
} from '../../domain/drain/decide-drains.ts';
import { secondsToNextDrainRound } from '../../domain/drain/seconds-to-next-drain-round.ts';
import type { DrainSettings } from '../../domain/drain/settings.ts';
import { executionNameOf } from '../../domain/execution-arn.ts';
import { decideHold } from '../../domain/holds/decide-hold.ts';
import type { Incident } from '../../domain/incident.ts';
import { yieldsTo } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { isInFlight } from '../../domain/launches/launch-record.ts';
import { drainRoundsMax } from '../../domain/limits.ts';
import type { Mode } from '../../domain/mode.ts';
import { startPeriod } from '../../domain/signals/decide-start.ts';
import { tellBreakerNews, tellChoice, tellWidespread } from '../../domain/telling/drain-sentences.ts';
import { tellHold } from '../../domain/telling/hold-sentences.ts';
import type { Line } from '../../domain/telling/sentence-of.ts';
import { tellReason } from '../../domain/telling/start-sentences.ts';
import { addSeconds, counted, firstOf, secondsBetween } from '../../domain/times.ts';
import type { chooseDrainsState } from '../../events/hold-state.ts';
import { writeJournal, writeNotice } from '../incidents/emit-facts.ts';
import { beginRelease } from '../incidents/end-incident.ts';
import { groupsBeingResized } from '../incidents/groups-being-resized.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import type { StartDependencies } from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { writeLaunchesIfChanged } from '../launches/change-launches.ts';
import { lookAtLaunches, type SeenLaunches } from '../launches/look-at-launches.ts';
import { followOpening, protectUnlessProtected } from './follow-opening.ts';
import { lookElsewhere } from './look-elsewhere.ts';
import { withHooks } from './read-hooks.ts';

/** What ChooseDrains needs. */
export interface ChooseDrainsDependencies extends StartDependencies, Omit<TaskDependencies, 'newOwner'> {
  ec2: (mode: Mode) => Ec2;
}

/**
 * - `DRAIN`: some instances are being drained: keep evidence, take the next step with each.
 * - `WAIT`: nothing to do in this round.
 * - `END`: nothing is stuck any more, or draining has to stop.
 */
export interface ChooseDrainsResult {
  round: number;
  action: 'DRAIN' | 'WAIT' | 'END';
  /** Whether a breaker is to be put in force, or given back. */
  tendBreakers: boolean;
  chosen: number;
  inFlight: number;
  waiting: number;
  reason: string;
  waitSeconds: number;
}

/** A group in a round: as stored, as it became (`record`), and what is to be told of its breaker. */
interface GroupRound extends SeenLaunches {
  news?: BreakerNews;
}

const waitingMessage = (choices: DrainChoice[]): string => {
  const waiting = choices.filter(({ action }) => action === 'WAIT');
  return waiting
    .slice(0, 10)
    .map((choice) => `${choice.instanceId} ${tellChoice(choice)}`)
    .join('. ');
};

/** What became of drains that were in flight when the round began. */
const drainsEnded = (
  { group: { autoScalingGroupName: group }, stored, record }: GroupRound,
  at: string,
): JournalEntry[] =>
  record.drains.flatMap((drain): JournalEntry[] => {
    const known = stored.drains.find(
      ({ instanceId, chosenAt }) => instanceId === drain.instanceId && chosenAt === drain.chosenAt,
    );
    if (known === undefined || !isInFlight(known) || isInFlight(drain)) return [];
    return [
      {
        at,
        event: drain.stage === 'GONE' ? 'drained' : 'kept',
        autoScalingGroupName: group,
        instanceId: drain.instanceId,
        text: drain.stage === 'GONE' ? 'is gone' : 'came into service by itself and was left alone',
      },
    ];
  });

/** What one look at all groups came to. */
interface Chosen {
  now: string;
  /** The groups whose records could be written. */
  rounds: GroupRound[];
  /** Everything that is stuck. */
  choices: DrainChoice[];
  /** What is drained next. */
  chosen: DrainChoice[];
  widespread?: Widespread;
  /** What could not be read. */
  unreadable: string[];
  /** Whether every group was read and written, and none is being resized. */
  isComplete: boolean;
}

/** What the journal says of a round. */
const toEntries = ({ now: at, rounds, chosen, unreadable }: Chosen): JournalEntry[] => [
  ...unreadable.map(
    (text): JournalEntry => ({ at, event: 'failed', text: `${text}; tried again in the next round` }),
  ),
  ...rounds.flatMap((round): JournalEntry[] => {
    const { news, group } = round;
    const { autoScalingGroupName } = group;
    const ended = drainsEnded(round, at);
    if (news === undefined) return ended;
    const text = tellBreakerNews(news);
    return [...ended, { at, event: 'breaker', autoScalingGroupName, because: news.because, text }];
  }),
  ...chosen.map((choice): JournalEntry => {
    const { autoScalingGroupName, instanceId } = choice;
    const text = `is to be drained: ${tellChoice(choice)}`;
    return { at, event: 'chosen', autoScalingGroupName, instanceId, text };
  }),
];

/** That instances are being drained. */
const toNotice = (
  incident: Incident,
  chosen: DrainChoice[],
  at: string,
): Parameters<typeof writeNotice>[1] => {
  const { incidentId, leftAlone = [], warnings = [] } = incident;
  const launches = counted(chosen.length, 'stuck launch', 'stuck launches');
  return {
    kind: 'acted',
    at,
    incidentId,
    headline: `Terminating ${launches}`,
    seen: tellReason(incident),
    done: [
      `Holdfast stores evidence of ${launches} and then terminates ${chosen.length === 1 ? 'it' : 'them'}:`,
      ...chosen.map((choice): Line => {
        const { autoScalingGroupName, instanceId } = choice;
        return { groups: [autoScalingGroupName], text: `${instanceId}, ${tellChoice(choice)}` };
      }),
      ...leftAlone,
    ],
    details: warnings,
    next: 'Holdfast terminates others that get stuck, within the limits of the policy. If launches go on hanging, it stops them and tells you.',
    groups: [...new Set(chosen.map(({ autoScalingGroupName }) => autoScalingGroupName))],
  };
};

/**
 * Looks at every group of the incident, moves its breaker on, and chooses what is drained next, within every limit.
 * What was chosen is written down before anything is done.
 */
export const createChooseDrains = (dependencies: ChooseDrainsDependencies) => {
  const { killSwitch, store, clock, stageMode, stepFunctions } = dependencies;

  /** Writes a round's records; a group whose record somebody else changed meanwhile waits for the next round. */
  const writeRounds = async (rounds: GroupRound[]): Promise<GroupRound[]> => {
    const written: GroupRound[] = [];
    for (const round of rounds) {
      const isWritten = (await writeLaunchesIfChanged(store, round.stored, round.record)) !== undefined;
      if (isWritten) written.push(round);
    }
    return written;
  };

  /** Looks at the groups, moves their breakers on, and writes down what is to be drained next. */
  const choose = async (incident: Incident, drain: DrainSettings, mode: Mode): Promise<Chosen> => {
    const autoScaling = dependencies.autoScaling(mode);
    const names = await store.readIncidentGroups(incident.incidentId);
    const seen = await lookAtLaunches({ autoScaling, ec2: dependencies.ec2(mode), store, clock }, names);
    const now = clock.now();
    const closedAt = seen.groups
      .flatMap(({ record }) => record.breakerClosedAt ?? [])
      .sort()
      .at(-1);
    // One changer per group: of one that is being resized nothing more is chosen, nor is its breaker moved.
    const resized = await groupsBeingResized(store, names);
    const isResized = ({ group }: SeenLaunches): boolean => resized.has(group.autoScalingGroupName);
    const open = seen.groups.filter(({ group }) => isOptedIn(group) && group.status === undefined);
    const asked = await withHooks(autoScaling, open, drain, now);
    const moved = asked.groups.map(
      (each): GroupRound => ({
        ...each,
        ...(isResized(each) ? {} : decideBreaker(each.record, each.group, drain, now, closedAt)),
      }),
    );
    const { records, widespread } = await lookElsewhere(autoScaling, store, moved, drain, now);
    const choices = decideDrains(
      moved.filter((each) => !isResized(each)),
      drain,
      [...records, ...moved.filter(isResized).map(({ record }) => record)],
      widespread,
      now,
    );
    const rounds = await writeRounds(
      moved.map((each) => ({ ...each, record: withChosen(each.record, choices, incident.incidentId, now) })),
    );
    const isWritten = new Set(rounds.map(({ group }) => group.autoScalingGroupName));
    const chosen = choices.filter(
      ({ action, autoScalingGroupName }) => action === 'DRAIN' && isWritten.has(autoScalingGroupName),
    );
    const isComplete = seen.unreadable.length === 0 && rounds.length === moved.length && resized.size === 0;
    const unreadable = [...seen.unreadable, ...asked.unreadable];
    return { now, rounds, choices, chosen, unreadable, isComplete, ...(widespread && { widespread }) };
  };

  /** Protects what launches fail for everywhere, and says so when that is news. */
  const tellIfWidespread = async (
    incident: Incident,
    { choices, widespread, now }: Chosen,
    isFirst: boolean,
  ): Promise<JournalEntry[]> => {
    if (widespread === undefined || choices.length === 0) return [];
    const failing = [...new Set(choices.map(({ autoScalingGroupName }) => autoScalingGroupName))].sort();
    const text = tellWidespread(widespread);
    const isNews = await protectUnlessProtected(dependencies, incident, failing, text, startPeriod(now));
    const named = `${text}. Groups with stuck launches: ${firstOf(failing, 10)}`;
    return isNews || isFirst ? [{ at: now, event: 'widespread', text: named }] : [];
  };

  const runRound = async (
    incident: Incident,
    drain: DrainSettings,
    mode: Mode,
    round: number,
  ): Promise<ChooseDrainsResult> => {
    const { incidentId } = incident;
    const decided = await choose(incident, drain, mode);
    const { now, rounds, choices, chosen } = decided;
    await writeJournal(store, incidentId, [
      ...toEntries(decided),
      ...(await tellIfWidespread(incident, decided, round === 1)),
    ]);
    if (chosen.length > 0) await writeNotice(store, toNotice(incident, chosen, now));
    for (const { group, record } of rounds) {
      await followOpening(dependencies, incident, group.autoScalingGroupName, record);
    }

    const inFlight = rounds.reduce((sum, { record }) => sum + record.drains.filter(isInFlight).length, 0);
    const result = {
      round: round + 1,
      tendBreakers: await hasBreakerToProbe(incidentId, rounds),
      chosen: chosen.length,
      inFlight,
      waiting: choices.length - chosen.length,
    };
    if (decided.isComplete && rounds.every((each) => isAtRest(each, drain, now))) {
      const reason = 'nothing is stuck any more';
      await beginRelease(store, clock, incident, reason);
      return { ...result, action: 'END', reason, waitSeconds: 0 };
    }
    await renew(incident, now);
    const records = rounds.map(({ record }) => record);
    return {
      ...result,
      action: inFlight > 0 ? 'DRAIN' : 'WAIT',
      reason: waitingMessage(choices),
      waitSeconds: secondsToNextDrainRound(records, inFlight > 0, incident, now),
    };
  };

  /** Whether a breaker is open, or a hold of one is still in force or on its way back. */
  const hasBreakerToProbe = async (incidentId: string, rounds: GroupRound[]): Promise<boolean> => {
    if (rounds.some(({ record }) => record.breaker?.state === 'OPEN')) return true;
    const records = await store.readGroups(rounds.map(({ group }) => group.autoScalingGroupName));
    return records.some(({ holds }) => holds.some((hold) => hold.incidentId === incidentId));
  };

  /** The incident lasts as long as there is something to do; one write in half of its time. */
  const renew = async (incident: Incident, now: string): Promise<void> => {
    const { expiresAfterSeconds } = incident.settings;
    if (secondsBetween(now, incident.expiresAt) > expiresAfterSeconds / 2) return;
    await store.changeIncident(incident.incidentId, { expiresAt: addSeconds(now, expiresAfterSeconds) });
  };

  /**
   * Another execution that drains one of the same groups, when that one goes on and this one ends: two that began at
   * one moment may not have seen each other when they were planned.
   */
  const findOlder = async (incident: Incident): Promise<string | undefined> => {
    const names = await store.readIncidentGroups(incident.incidentId);
    for (const other of await store.listOpenIncidents()) {
      if (!yieldsTo(incident, other)) continue;
      const theirs = await store.readIncidentGroups(other.incidentId);
      const isSame = names.some((name) => theirs.includes(name));
      if (isSame && (await stepFunctions.isRunning(other.incidentId)))
        return executionNameOf(other.incidentId);
    }
    return undefined;
  };

  return async (state: z.output<typeof chooseDrainsState>): Promise<ChooseDrainsResult> => {
    const { incidentId } = state.plan;
    const round = state.round?.round ?? 1;
    const incident = await store.readIncident(incidentId);
    const idle = { round: round + 1, tendBreakers: false, chosen: 0, inFlight: 0, waiting: 0 };
    if (incident?.drain === undefined) {
      return { ...idle, action: 'END', reason: 'the incident is closed', waitSeconds: 0 };
    }
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    const decision = decideHold(
      incident,
      { alarm: { kind: 'none' }, mode, round, roundsAtMost: drainRoundsMax },
      clock.now(),
    );
    const reason = tellHold(decision);
    if (decision.action === 'RELEASE') {
      await beginRelease(store, clock, incident, reason);
      return { ...idle, action: 'END', reason, waitSeconds: 0 };
    }
    if (mode === undefined) {
      return { ...idle, action: 'WAIT', reason, waitSeconds: incident.settings.checkEverySeconds };
    }
    const older = await findOlder(incident);
    if (older !== undefined) {
      const because = `the execution ${older} drains one of these groups already`;
      await beginRelease(store, clock, incident, because);
      return { ...idle, action: 'END', reason: because, waitSeconds: 0 };
    }
    return runRound(incident, incident.drain, mode, round);
  };
};
