import type { Death, SimulatedCloud } from '../cloud/simulated-cloud.ts';
import type { Execution } from '../cloud/step-functions.ts';
import { type RehearsalResult, rehearse } from '../rehearse.ts';
import { judgeAnswers, judgeDurations, judgeEnd, judgeOthers } from './judge.ts';
import { type BrokenPromise, createLedger, type Looks } from './ledger.ts';
import { ofKind, type RandomIncident } from './parts.ts';
import { createPeople } from './people.ts';
import { randomPolicy } from './policy.ts';
import { refuseChanges } from './refusals.ts';
import { deathsOf, isDryRun, quietFrom, toStory } from './to-story.ts';
import { watchCalls } from './watch.ts';

/** What became of a random incident. */
export interface RandomRun {
  broken: BrokenPromise[];
  looks: Looks;
  result: RehearsalResult;
}

/** How long an incident goes on after nothing is open any more: what comes late must come too. */
const goesOnSeconds = 900;

/** What else happens while an incident is told. */
export interface Meanwhile {
  /** Whether a function dies here, beside the deaths that are parts of the incident. */
  dies?: (death: Death, cloud: SimulatedCloud) => boolean;
  /** Told of every state that an execution enters. */
  onState?: (cloud: SimulatedCloud, execution: Execution, state: string) => void;
}

/**
 * Tells an incident, and watches every promise at every call, every message and in the end. It goes on until nothing is
 * open any more.
 */
export const runRandomIncident = async (
  incident: RandomIncident,
  { dies, onState }: Meanwhile = {},
): Promise<RandomRun> => {
  const people = createPeople();
  const ledger = createLedger();
  const story = toStory(incident, people);
  const minSizes = new Map(incident.groups.map(({ name, minSize }) => [name, minSize]));
  const dryRun = isDryRun(incident);
  const diesInParts = deathsOf(incident.parts);
  let seen: SimulatedCloud | undefined;
  let overSince: number | undefined;
  const begin = (cloud: SimulatedCloud): void => {
    seen = cloud;
    refuseChanges(cloud, ofKind(incident.parts, 'refuses'));
    watchCalls(cloud, people, dryRun, ledger);
  };
  const isQuiet = ({ time, store, stepFunctions, cloudFormation }: SimulatedCloud): boolean => {
    const now = time.elapsedSeconds();
    const isBusy =
      now < quietFrom(incident) ||
      [...stepFunctions.executions.values()].some(({ status }) => status === 'RUNNING') ||
      [...cloudFormation.stacks.values()].some(({ status }) => /IN_PROGRESS$/.test(status)) ||
      store.listIncidents().length > 0 ||
      store.listLaunches().some(({ breaker }) => breaker !== undefined);
    overSince = isBusy ? undefined : (overSince ?? now);
    return overSince !== undefined && now - overSince >= goesOnSeconds;
  };
  const result = await rehearse({
    incident: { ...story, deeds: [{ atSeconds: 1, text: '', act: begin }, ...(story.deeds ?? [])] },
    seed: incident.seed,
    policy: randomPolicy,
    withHoldfast: true,
    dryRun,
    skipsSerialization: true,
    quirks: incident.quirks,
    groupsFailingAlone: incident.groupsFailingAlone,
    changesLaunchTemplates: incident.changesLaunchTemplates === true,
    dies: (death) => diesInParts(death) || (seen !== undefined && dies?.(death, seen) === true),
    ...(onState === undefined ? {} : { onState }),
    endsWhen: isQuiet,
    judge: () => [],
  });
  if (seen === undefined) throw new Error('the incident did not begin');
  const { messages, violations, journals } = result;
  ledger.looks['tells the truth'] = messages.length;
  ledger.broken.push(...violations.map((text): BrokenPromise => ({ promise: 'tells the truth', text })));
  await judgeEnd(seen, people, minSizes, result.calls, ledger);
  judgeDurations(incident, seen, journals, ledger);
  if (!dryRun) {
    judgeOthers(incident, journals, ledger);
    judgeAnswers(incident, seen, ledger);
  }
  return { broken: ledger.broken, looks: ledger.looks, result };
};
