import pMap from 'p-map';
import type * as z from 'zod/mini';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { GroupRecord } from '../../domain/holds/group-record.ts';
import { secondsToNextRound, soonRounds } from '../../domain/holds/seconds-to-next-round.ts';
import { processesThatEndInstances } from '../../domain/holds/settings.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import {
  fewStillFailing,
  type GroupLaunches,
  groupLaunches,
  type Launches,
  sumUpLaunches,
} from '../../domain/launches/decide-launches.ts';
import { launchesOf } from '../../domain/launches/launch-record.ts';
import { changeBudgetSeconds, groupsAtOnce, soonSeconds } from '../../domain/limits.ts';
import { remediations } from '../../domain/remediations.ts';
import { sentenceOf } from '../../domain/telling/sentence-of.ts';
import { tellReason } from '../../domain/telling/start-sentences.ts';
import { counted, firstOf, secondsBetween, spokenDuration } from '../../domain/times.ts';
import type { applyHoldState } from '../../events/hold-state.ts';
import { writeJournal, writeNotice } from '../incidents/emit-facts.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { readNamesToHold } from '../incidents/read-names-to-hold.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';
import { type ApplyOutcome, applyToGroup } from './apply-to-group.ts';
import { lookAtGroups, type SeenGroup } from './look-at-groups.ts';
import { noteSchedules } from './note-schedules.ts';
import { setHoldTag } from './set-hold-tag.ts';

/** What one round found, in numbers. Everything else is in the journal. */
export interface ApplyHoldResult {
  round: number;
  changed: number;
  inForce: number;
  /** Failed, busy, not in force yet, or not reached: looked at again next round. */
  unfinished: number;
  gone: number;
  refused: number;
  /** How the launches of its groups stand, for an incident that lasts until they succeed. */
  launches?: Launches;
  /** Why nothing was done, when nothing was. */
  idleBecause?: string;
  waitSeconds: number;
}

/** Up to so many groups are tagged as soon as they are held; of more all are held first, and tagged in the next round. */
const groupsTaggedAtOnce = 20;

const isTaggedNow = (outcome: ApplyOutcome | undefined, groupCount: number): boolean =>
  outcome === 'inForce' || (outcome === 'changed' && groupCount <= groupsTaggedAtOnce);

/** Whether everything of an incident's hold was accepted by AWS once, whatever is looked at again. */
const isHeldBy = (record: GroupRecord, incidentId: string): boolean =>
  record.holds.some((hold) => hold.incidentId === incidentId) &&
  record.imposed.every(({ appliedAt }) => appliedAt !== undefined);

/** Whether an incident keeps the instances of its groups from scale-in. */
const forbidsLosingInstances = ({ settings: { effect } }: Incident): boolean =>
  effect.protectsInstances || effect.processes.some((process) => processesThatEndInstances.includes(process));

/** How the launches of the groups of an incident stand; of one that is shared also in which they do not succeed. */
const sumUp = ({ isShared }: Incident, groups: Progress['launches']): Launches => {
  const stillFailing = isShared === true ? fewStillFailing(groups) : undefined;
  return {
    ...sumUpLaunches(groups.map(({ launches }) => launches)),
    ...(stillFailing === undefined ? {} : { stillFailing }),
  };
};

/** One round: what it is about, and what it came to so far. */
interface Progress {
  incident: Incident;
  autoScaling: AutoScaling;
  names: string[];
  /** Whether there is time for another change. */
  isInTime: () => boolean;
  counts: Record<ApplyOutcome, number>;
  /** Groups that are not held and could not be. */
  notHeld: string[];
  held: string[];
  toTag: SeenGroup[];
  launches: { autoScalingGroupName: string; launches: GroupLaunches }[];
  failures: string[];
  isEverythingRead: boolean;
}

/**
 * Brings every group of the incident to its wanted state, and looks whether it is there. Running it again is
 * harmless. One group that fails never stops the others and is tried again in the next round.
 */
export const createApplyHold = (dependencies: TaskDependencies) => {
  const { killSwitch, store, clock, newOwner, stageMode } = dependencies;

  /** How the launches of a page of groups stand; a group that is gone launches nothing. */
  const readLaunches = async (incident: Incident, page: SeenGroup[]) => {
    const records = await store.readLaunches(page.map(({ name }) => name));
    return page.flatMap(({ group, record }, index) => {
      const launchRecord = records[index];
      if (group === undefined || launchRecord === undefined) return [];
      const { incidentId, settings } = incident;
      const launches = launchesOf(launchRecord, group);
      const needed = settings.launchesToRelease;
      return [
        {
          autoScalingGroupName: group.autoScalingGroupName,
          launches: groupLaunches(incidentId, group, record, launches, needed, clock.now()),
        },
      ];
    });
  };

  /** Tags what is held: after everything else, because nothing depends on it. */
  const tag = async ({ incident, autoScaling, names, toTag, isInTime }: Progress): Promise<void> => {
    const { incidentId } = incident;
    const journal: JournalEntry[] = [];
    await pMap(
      toTag,
      async (seen) => {
        if (!isInTime()) return;
        const [record = seen.record] =
          names.length > groupsTaggedAtOnce ? [] : await store.readGroups([seen.name]);
        if (record.holds.length === 0) return;
        await setHoldTag({ autoScaling, clock }, incidentId, { ...seen, record }, journal);
      },
      { concurrency: groupsAtOnce },
    );
    await writeJournal(store, incidentId, journal);
  };

  /** Has people told that groups are held, once some are, and that others are not, once it was tried for a while. */
  const tellProgress = async (
    { incident, names, counts, notHeld, held, failures }: Progress,
    round: number,
  ): Promise<void> => {
    const { unfinished, gone, refused } = counts;
    const { incidentId, alarm, leftAlone = [], warnings = [], groupsAsked = names.length } = incident;
    const { words, describeEnd } = remediations[incident.remediation];
    const { effect } = incident.settings;
    const began = words.began(effect);
    const isByHand = incident.rule === undefined;
    const ofAlarm = alarm === undefined ? {} : { alarmName: alarm.alarmName };
    const now = clock.now();
    const leftAloneMore = groupsAsked - names.length - leftAlone.length;
    // Said again in the first rounds, and kept once: a function that died may have held them and not said so.
    if (held.length > 0 && round <= soonRounds) {
      const isAll = held.length === groupsAsked;
      const number = isAll
        ? counted(held.length, 'group')
        : `${held.length} of ${counted(groupsAsked, 'group')}`;
      await writeNotice(store, {
        kind: 'acted',
        at: now,
        incidentId,
        ...ofAlarm,
        headline: began,
        ...(isAll ? {} : { inSomeGroups: { held: held.length, asked: groupsAsked } }),
        seen: tellReason(incident),
        done: [
          `Holdfast holds ${number}: ${firstOf(held, 10)}. ${words.held(effect)}`,
          ...(unfinished > 0 ? [`${unfinished} not held yet; tried again in the next rounds.`] : []),
          ...(refused > 0 ? [`${refused} refused since the plan was made.`] : []),
          ...(gone > 0 ? [`${gone} no longer there.`] : []),
          ...leftAlone,
          ...(leftAloneMore > 0
            ? [`and ${counted(leftAloneMore, 'more group')} left alone, in the journal`]
            : []),
        ],
        todo:
          isByHand && leftAlone.length > 0
            ? [
                `${counted(groupsAsked - names.length, 'group')} that ${groupsAsked - names.length === 1 ? 'was' : 'were'} asked for ${groupsAsked - names.length === 1 ? 'is' : 'are'} NOT held, for the reasons below. Correct the name or the tag, and start again for ${groupsAsked - names.length === 1 ? 'it' : 'them'}.`,
              ]
            : [],
        details: [...warnings, ...failures],
        next: describeEnd(incident),
        groups: held,
        counts: {
          // A hold that ends before the next sweep is seen too.
          groupsHeld: held.length,
          ...(alarm === undefined || round > 1
            ? {}
            : { secondsFromAlarmToHold: secondsBetween(alarm.stateTimestamp, now) }),
        },
      });
    }
    if (notHeld.length > 0 && round >= soonRounds) {
      await writeNotice(store, {
        kind: 'failed',
        at: now,
        incidentId,
        ...ofAlarm,
        about: 'groups not held',
        headline: `${notHeld.length} of ${counted(names.length, 'group')} not held yet`,
        seen: tellReason(incident),
        done: [
          `After ${round} rounds, ${notHeld.length} of ${counted(names.length, 'group')} ${notHeld.length === 1 ? 'is' : 'are'} still not held: ${firstOf(notHeld)}.`,
        ],
        todo: ['If that goes on, look at the groups (the links are below) and hold them by hand.'],
        details: failures,
        next: `Holdfast tries again every ${spokenDuration(incident.settings.checkEverySeconds)}.`,
        groups: notHeld,
        notHeld: notHeld.slice(0, groupsTaggedAtOnce),
        undo: 'STOP',
      });
    }
  };

  /** Holds the groups of one page that could be read. */
  const applyToPage = async (
    progress: Progress,
    seen: SeenGroup[],
    journal: JournalEntry[],
  ): Promise<void> => {
    const { incident, autoScaling, names, counts, held, isInTime } = progress;
    const outcomes = await pMap(
      seen,
      (each) =>
        isInTime()
          ? applyToGroup({ autoScaling, store, clock, newOwner }, incident, each, journal)
          : 'unfinished',
      { concurrency: groupsAtOnce, stopOnError: false },
    );
    for (const [index, outcome] of outcomes.entries()) {
      counts[outcome] += 1;
      const name = seen[index]?.name;
      if (name !== undefined && ['changed', 'inForce'].includes(outcome)) held.push(name);
    }
    const unfinished = seen.filter((_seen, index) => outcomes[index] === 'unfinished');
    progress.notHeld.push(
      ...unfinished.filter(({ record }) => !isHeldBy(record, incident.incidentId)).map(({ name }) => name),
    );
    progress.toTag.push(...seen.filter((_seen, index) => isTaggedNow(outcomes[index], names.length)));
    if (incident.untilLaunchesSucceed === true) {
      progress.launches.push(...(await readLaunches(incident, seen)));
    }
  };

  /** Holds every group, page by page, for as long as there is time and the incident is held. */
  const applyToAll = async (progress: Progress): Promise<void> => {
    const { incident, autoScaling, names, counts, isInTime } = progress;
    const { incidentId } = incident;
    for await (const page of lookAtGroups({ store, autoScaling, clock }, names)) {
      const journal: JournalEntry[] = [];
      if ('unreadable' in page) {
        counts.unfinished += page.names.length;
        progress.isEverythingRead = false;
        journal.push({
          at: clock.now(),
          event: 'failed',
          text: `${page.names.length} groups cannot be read (${page.unreadable}); tried again in the next round`,
        });
      } else if (!isInTime() || (await store.readIncident(incidentId))?.status !== 'HELD') {
        counts.unfinished += page.names.length;
        progress.isEverythingRead = false;
      } else await applyToPage(progress, page.seen, journal);
      await writeJournal(store, incidentId, journal);
      progress.failures.push(...journal.filter(({ event }) => event === 'failed').map(sentenceOf));
    }
  };

  return async (state: z.output<typeof applyHoldState>): Promise<ApplyHoldResult> => {
    const { incidentId } = state.plan;
    const round = state.check?.round ?? 1;
    const startedAt = clock.now();
    const counts = { changed: 0, inForce: 0, unfinished: 0, gone: 0, refused: 0 };
    const incident = await store.readIncident(incidentId);
    const idle = (idleBecause: string, waitSeconds = soonSeconds): ApplyHoldResult => ({
      round,
      ...counts,
      idleBecause,
      waitSeconds,
    });
    if (incident?.status !== 'HELD') return idle('the incident is not held any more');
    const mode = await readModeOrUndefined(killSwitch, stageMode, incident.mode);
    if (mode === undefined) {
      return idle('the kill switch cannot be read', incident.settings.checkEverySeconds);
    }
    if (mode !== 'live') return idle(`the mode is ${mode}`);

    const progress: Progress = {
      incident,
      autoScaling: dependencies.autoScaling(mode),
      names: await readNamesToHold(store, incident),
      isInTime: () => secondsBetween(startedAt, clock.now()) < changeBudgetSeconds,
      counts,
      notHeld: [],
      held: [],
      toTag: [],
      launches: [],
      failures: [],
      isEverythingRead: true,
    };
    await applyToAll(progress);
    const { autoScaling, held, isInTime } = progress;
    await tellProgress(progress, round);
    if (forbidsLosingInstances(incident) && isInTime()) {
      const journal: JournalEntry[] = [];
      const isEverybody = counts.unfinished === 0 && progress.isEverythingRead;
      await noteSchedules({ autoScaling, store, clock }, incident, held, isEverybody, journal);
      await writeJournal(store, incidentId, journal);
    }
    if (round <= soonRounds) await tag(progress);
    const isSettled = counts.unfinished === 0 && counts.changed === 0;
    const isWatched = incident.untilLaunchesSucceed === true && progress.isEverythingRead;
    return {
      round,
      ...counts,
      ...(isWatched ? { launches: sumUp(incident, progress.launches) } : {}),
      waitSeconds: secondsToNextRound(incident, round, isSettled, clock.now()),
    };
  };
};
