import type { Clock } from '../clock.ts';
import { executionName } from '../domain/decide-start.ts';
import { groupByLikeness } from '../domain/evidence.ts';
import type { Incident } from '../domain/incident.ts';
import type { LaunchRecord } from '../domain/launch-record.ts';
import type { Store } from '../state/store.ts';
import { changeLaunches } from './change-launches.ts';
import { findUnprotected } from './find-unprotected.ts';
import { keepJournal } from './keep-journal.ts';
import { findNextName, type StartDependencies } from './start-executions.ts';

/** What following an open breaker up needs. */
export interface TendOpeningDependencies extends StartDependencies {
  store: Store;
  clock: Clock;
}

/**
 * Starts `protect-instances`, until launches succeed, over those of the groups that no incident protects that long
 * already.
 *
 * @param since part of the execution's name: starting the same again is the same execution, and one that a person
 * ended is not started again before it changes
 * @returns whether this call started it
 */
export const protectUnlessProtected = async (
  { stepFunctions, stateMachineArns, store, clock }: TendOpeningDependencies,
  incident: Incident,
  names: string[],
  reason: string,
  since: string,
): Promise<boolean> => {
  const unprotected = await findUnprotected(store, names);
  if (unprotected.length === 0) return false;
  const identity = `${unprotected.join()}/${incident.incidentId}`;
  const name = executionName(incident.rule ?? 'drain-by-hand', identity, since);
  const arn = stateMachineArns['protect-instances'];
  const next = await findNextName({ stepFunctions, stateMachineArns, store, clock }, arn, name);
  if (!('name' in next)) return false;
  const { started } = await stepFunctions.startExecution(arn, next.name, {
    autoScalingGroupName: unprotected,
    reason: reason.slice(0, 500),
    until: 'launches-succeed',
  });
  return started;
};

/** Says that a breaker opened, with the evidence of what was drained, and notes that it was said. */
const tellOpening = async (
  { store, clock }: TendOpeningDependencies,
  incident: Incident,
  name: string,
  { breaker, drains }: LaunchRecord,
): Promise<void> => {
  if (breaker === undefined || breaker.isTold) return;
  const drained = new Set(drains.map(({ instanceId }) => instanceId));
  const evidence = (await store.readEvidence(incident.incidentId)).filter(({ instanceId }) =>
    drained.has(instanceId),
  );
  const message = [`${name}: the breaker opens: ${breaker.reason}`, ...groupByLikeness(evidence)].join('. ');
  await keepJournal(store, incident.incidentId, [
    { at: clock.now(), event: 'breaker-opened', autoScalingGroupName: name, message },
  ]);
  await changeLaunches(store, name, (current) =>
    current.breaker === undefined ? current : { ...current, breaker: { ...current.breaker, isTold: true } },
  );
};

/** Whatever an open breaker calls for, in every round: a task that dies in between leaves it to the next. */
export const tendOpening = async (
  dependencies: TendOpeningDependencies,
  incident: Incident,
  name: string,
  record: LaunchRecord,
): Promise<void> => {
  const { breaker } = record;
  if (breaker?.state === 'OPEN') {
    const reason = `the launch breaker of ${name} is open: what is launched there does not come into service`;
    await protectUnlessProtected(dependencies, incident, [name], reason, breaker.stateAt);
  }
  await tellOpening(dependencies, incident, name, record);
};
