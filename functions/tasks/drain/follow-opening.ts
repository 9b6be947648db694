import type { Clock } from '../../clock.ts';
import type { Incident } from '../../domain/incident.ts';
import { groupByLikeness } from '../../domain/launches/evidence.ts';
import type { LaunchRecord } from '../../domain/launches/launch-record.ts';
import { nameExecution } from '../../domain/signals/decide-start.ts';
import { tellBreakerOpened } from '../../domain/telling/drain-sentences.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { findUnprotected } from '../incidents/find-unprotected.ts';
import { findNextName, type StartDependencies } from '../incidents/start-executions.ts';
import { changeLaunches } from '../launches/change-launches.ts';

/** What following an open breaker up needs. */
export interface FollowOpeningDependencies extends StartDependencies {
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
  { stepFunctions, stateMachineArns, store, clock }: FollowOpeningDependencies,
  incident: Incident,
  names: string[],
  reason: string,
  since: string,
): Promise<boolean> => {
  const unprotected = await findUnprotected(store, names);
  if (unprotected.length === 0) return false;
  const identity = `${unprotected.join()}/${incident.incidentId}`;
  const name = nameExecution(incident.rule ?? 'drain-by-hand', identity, since);
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
  { store, clock }: FollowOpeningDependencies,
  incident: Incident,
  name: string,
  { breaker, drains }: LaunchRecord,
): Promise<void> => {
  if (breaker === undefined || breaker.isTold) return;
  const drained = new Set(drains.map(({ instanceId }) => instanceId));
  const evidence = (await store.readEvidence(incident.incidentId)).filter(({ instanceId }) =>
    drained.has(instanceId),
  );
  const printed = groupByLikeness(evidence);
  const todo = [
    `Find out why new instances do not come into service, and fix that.${printed.length === 0 ? '' : ` What the terminated instances printed last: ${printed.join('; ')}`}`,
  ];
  await writeJournal(store, incident.incidentId, [
    {
      at: clock.now(),
      event: 'breaker-opened',
      autoScalingGroupName: name,
      text: tellBreakerOpened(breaker),
      todo,
    },
  ]);
  await changeLaunches(store, name, (current) =>
    current.breaker === undefined ? current : { ...current, breaker: { ...current.breaker, isTold: true } },
  );
};

/** Whatever an open breaker calls for, in every round: a task that dies in between leaves it to the next. */
export const followOpening = async (
  dependencies: FollowOpeningDependencies,
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
