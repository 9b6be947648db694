import { executionArnOf, executionNameOf } from '../../domain/execution-arn.ts';
import { secondsUntilClosable } from '../../domain/holds/seconds-until-closable.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { giveBackAgainSeconds } from '../../domain/limits.ts';
import { remediations } from '../../domain/remediations.ts';
import { abandonedBecause } from '../../domain/signals/abandoned-because.ts';
import { nameExecution } from '../../domain/signals/decide-start.ts';
import { attentionIn, sizeEvents } from '../../domain/telling/attention.ts';
import { needsTagNext, notReleasedHeadline } from '../../domain/telling/notice.ts';
import { lineOf, sentenceOf, todoOf } from '../../domain/telling/sentence-of.ts';
import { tellReason } from '../../domain/telling/start-sentences.ts';
import { addSeconds, counted, secondsBetween } from '../../domain/times.ts';
import { giveBackGroups } from '../holds/give-back-groups.ts';
import { writeJournal, writeNotice } from '../incidents/emit-facts.ts';
import { beginRelease, closeIncident } from '../incidents/end-incident.ts';
import { groupsBeingResized } from '../incidents/groups-being-resized.ts';
import type { StartDependencies, StartOutcome } from '../incidents/start-executions.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** What giving an abandoned incident back needs. */
export type AbandonedDependencies = TaskDependencies &
  Pick<StartDependencies, 'stepFunctions' | 'stateMachineArns'>;

/** What was done with abandoned incidents so far. */
export interface AbandonedResult {
  givenBack: { incidentId: string; because: string; remaining: number; refused: string[] }[];
  started: StartOutcome[];
}

/** Another execution gives back what one left, and brings home what it left in flight. */
const startGivingBack = async (
  { store, clock, stepFunctions, stateMachineArns }: AbandonedDependencies,
  { incidentId, remediation }: Incident,
  because: string,
): Promise<StartOutcome> => {
  const arn = stateMachineArns[remediation];
  const now = clock.now();
  const { continuedBy } = remediations[remediation];
  // Anew each time, because one that ended before it was done has to be followed by another.
  const name = nameExecution(continuedBy.name, incidentId, now);
  await store.changeIncident(incidentId, { tendedBy: executionArnOf(arn, name), tendedSince: now });
  try {
    await stepFunctions.startExecution(arn, name, { [continuedBy.field]: incidentId });
  } catch (error) {
    // Nothing was started: the next sweep need not wait for it.
    await store.changeIncident(incidentId, { tendedSince: addSeconds(now, -giveBackAgainSeconds) });
    throw error;
  }
  await writeJournal(store, incidentId, [
    { at: now, event: 'releasing', text: `${because}, so the execution ${name} gives it back` },
  ]);
  return {
    action: 'STARTED',
    executionName: name,
    reason: `${executionNameOf(incidentId)} is given back: ${because}`,
  };
};

/** What is known of an incident that the sweep gives back. */
interface Abandoned {
  incident: Incident;
  because: string;
  names: string[];
}

const tellRefused = (
  { store, clock }: AbandonedDependencies,
  { incident }: Abandoned,
  refused: JournalEntry[],
): Promise<boolean> => {
  const sentences = refused.map(sentenceOf);
  return writeNotice(store, {
    kind: 'needs-a-person',
    at: clock.now(),
    incidentId: incident.incidentId,
    about: sentences.join('\n'),
    headline: notReleasedHeadline,
    seen: tellReason(incident),
    done: refused.map(lineOf),
    todo: refused.flatMap(todoOf),
    next: needsTagNext,
    cannotGiveBack: true,
    groups: refused.flatMap(({ autoScalingGroupName: name }) => (name === undefined ? [] : [name])),
    undo: 'NOTHING',
  });
};

const tellGivenBack = async (
  { store, clock }: AbandonedDependencies,
  { incident, because, names }: Abandoned,
): Promise<void> => {
  const journal = await store.readJournal(incident.incidentId);
  const { todo, attention, attentionLeftOut } = attentionIn(journal, {
    outcome: [...sizeEvents, 'left', 'warned'],
    onTheWay: [],
  });
  await writeNotice(store, {
    kind: 'gave-back',
    at: clock.now(),
    incidentId: incident.incidentId,
    headline: 'Hold ended',
    seen: tellReason(incident),
    done: [`The sweep gave back ${counted(names.length, 'group')}, because ${because}.`, ...attention],
    todo,
    next:
      todo.length === 0
        ? 'Nothing: this incident is over.'
        : 'Holdfast does nothing more about this incident.',
    groups: names,
    doneLeftOut: attentionLeftOut,
  });
};

/** Whether an execution was started so lately to give it back that another one would be in its way. */
const isStartedLately = ({ tendedSince }: Incident, now: string): boolean =>
  tendedSince !== undefined && secondsBetween(tendedSince, now) < giveBackAgainSeconds;

/**
 * Gives an incident back whose execution is gone or whose time is over: one step at once, the rest by an execution of
 * its own. Another incident is left alone.
 *
 * @param startedAt when the sweep began, ISO 8601
 * @param result what was done is added to it
 */
export const giveBackAbandoned = async (
  dependencies: AbandonedDependencies,
  open: Incident,
  startedAt: string,
  result: AbandonedResult,
): Promise<void> => {
  const { stepFunctions, store, clock, newOwner } = dependencies;
  const { incidentId } = open;
  const isRunning = await stepFunctions.isRunning(open.tendedBy ?? incidentId);
  const because = abandonedBecause(open, isRunning, clock.now());
  if (because === undefined) return;
  const incident = await beginRelease(store, clock, open, `${because}; the sweep gives it back`);
  const abandoned = { incident, because, names: await store.readIncidentGroups(incidentId) };
  const isResizing = open.resize !== undefined && (await groupsBeingResized(store, abandoned.names)).size > 0;
  // Its holds stay until nothing is in flight. An execution that runs sees by itself that it is to end.
  if (isResizing && isRunning) return;
  if (isResizing) {
    result.started.push(await startGivingBack(dependencies, incident, because));
    return;
  }
  const { remaining, refused } = await giveBackGroups(
    { autoScaling: dependencies.autoScaling(incident.mode), store, clock, newOwner },
    incident,
    startedAt,
  );
  result.givenBack.push({ incidentId, because, remaining, refused: refused.map(sentenceOf) });
  if (refused.length > 0) await tellRefused(dependencies, abandoned, refused);
  // What an execution can give back is given back by one: it waits in seconds, where sweeps are minutes apart.
  if (remaining > refused.length && !isStartedLately(open, clock.now())) {
    result.started.push(await startGivingBack(dependencies, incident, because));
  }
  if (remaining > 0 || secondsUntilClosable(incident, clock.now()) > 0) return;
  await tellGivenBack(dependencies, abandoned);
  await closeIncident(store, clock, incident);
};
