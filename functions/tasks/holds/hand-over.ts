import type { StepFunctions } from '../../aws/step-functions.ts';
import type { Clock } from '../../clock.ts';
import type { Incident } from '../../domain/incident.ts';
import { mostSucceedSinceOf } from '../../domain/incident.ts';
import type { Remediation } from '../../domain/remediation-names.ts';
import { startForStillFailing } from '../../domain/signals/decide-start.ts';
import type { Store } from '../../state/store.ts';
import { findUnprotected } from '../incidents/find-unprotected.ts';
import { findNextName } from '../incidents/start-executions.ts';

/** What handing groups over needs. */
export interface HandOverDependencies {
  store: Store;
  clock: Clock;
  stepFunctions: StepFunctions;
  stateMachineArns: Record<Remediation, string>;
}

/**
 * Gives each of these groups of a shared incident an execution of its own, and says which of them none holds yet: until
 * each is held the shared incident goes on, so that no start that fails, no deploy and no rule that is gone leaves one
 * without a hold. What a person stopped counts as held: somebody wants it so.
 *
 * @returns the groups that have to wait
 */
export const handOver = async (
  dependencies: HandOverDependencies,
  incident: Incident,
  names: string[],
): Promise<string[]> => {
  const { store, clock, stepFunctions, stateMachineArns } = dependencies;
  const { incidentId, remediation, rule } = incident;
  if (rule === undefined) return names;
  const withoutIncident = new Set(await findUnprotected(store, names, incidentId));
  const records = await store.readGroups(names);
  const since = mostSucceedSinceOf(incident) ?? clock.now();
  const waiting: string[] = [];
  for (const [index, name] of names.entries()) {
    if (!withoutIncident.has(name)) {
      const others = records[index]?.holds.filter((hold) => hold.incidentId !== incidentId) ?? [];
      if (!others.some(({ protectsInstances }) => protectsInstances)) waiting.push(name);
      continue;
    }
    const start = startForStillFailing(rule, name, since);
    const next = await findNextName(dependencies, stateMachineArns[remediation], start.executionName);
    if ('name' in next) {
      await stepFunctions.startExecution(stateMachineArns[remediation], next.name, start.input);
    } else if (next.execution.status === 'ABORTED') continue;
    waiting.push(name);
  }
  return waiting;
};
