import { isOptedIn } from '../../functions/domain/auto-scaling-group.ts';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import { type JournalEntry, namesIn } from '../../functions/domain/journal.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { secondsBetween } from '../../functions/domain/times.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';
import type { SimulatedGroup } from '../cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';
import type { RecordedCall } from '../cloud/wire.ts';
import type { Ledger } from './ledger.ts';
import { leftForPeople } from './left-for-people.ts';
import { ofKind, type RandomIncident } from './parts.ts';
import type { People } from './people.ts';
import { randomPolicy } from './policy.ts';
import { isCalm } from './random-incident.ts';

const judgeGroup = (
  group: SimulatedGroup,
  people: People,
  minSize: number | undefined,
  { look }: Ledger,
): void => {
  const { name } = group;
  const theirs = people.of(group);
  for (const process of new Set([...group.suspended.keys(), ...theirs.suspended])) {
    if (theirs.unclear.has(process)) continue;
    look(
      'gives back',
      group.suspended.has(process) !== theirs.suspended.has(process),
      () =>
        `${process} of ${name} is ${group.suspended.has(process) ? '' : 'not '}suspended in the end, and people ${theirs.suspended.has(process) ? 'suspended it' : 'did not'}`,
    );
  }
  for (const { instanceId, protectedFromScaleIn, lifecycleState } of group.instances) {
    if (theirs.isManagedByEcs === true) continue;
    const isTheirs = theirs.protected.has(instanceId);
    const mayBeTheirs =
      isTheirs || theirs.unclearProtection.has(instanceId) || group.newInstancesProtected === true;
    look(
      'gives back',
      protectedFromScaleIn && !mayBeTheirs,
      () => `${instanceId} of ${name} is protected in the end, and people did not protect it`,
    );
    look(
      'gives back',
      lifecycleState === 'InService' && !protectedFromScaleIn && isTheirs,
      () => `${instanceId} of ${name} is not protected in the end, and people protected it`,
    );
  }
  look('leaves nothing', holdTagKey in group.tags, () => `${name} has the tag ${holdTagKey} in the end`);
  look(
    'gives back',
    minSize !== undefined && group.minSize !== minSize,
    () => `the minimum of ${name} is ${group.minSize} in the end, and was ${minSize}`,
  );
};

/** Executions that one signal started, beside those that failed before they opened anything and were started again. */
const judgeSignals = ({ stepFunctions, store }: SimulatedCloud, { look }: Ledger): void => {
  const opened = new Set(
    store
      .listJournals()
      .filter(({ entries }) => entries.some(({ event }) => event === 'opened'))
      .map(({ incidentId }) => incidentId),
  );
  const signals = [...stepFunctions.executions]
    .filter(([arn, { status }]) => status !== 'FAILED' || opened.has(arn))
    .flatMap(([, { input }]) => {
      if (typeof input !== 'object' || input === null) return [];
      const { rule, alarm, launchFailures, failingGroups } = input as {
        rule?: string;
        alarm?: { alarmName: string; stateTimestamp: string };
        launchFailures?: { autoScalingGroupName: string; failedAt: string };
        failingGroups?: { beginAt: string };
      };
      if (rule === undefined) return [];
      if (alarm !== undefined) return [`${rule} for ${alarm.alarmName} of ${alarm.stateTimestamp}`];
      if (launchFailures !== undefined)
        return [`${rule} for ${launchFailures.autoScalingGroupName} of ${launchFailures.failedAt}`];
      return failingGroups === undefined ? [] : [`${rule} for many groups of ${failingGroups.beginAt}`];
    });
  for (const [signal, { length }] of Map.groupBy(signals, (each) => each))
    look('one execution', length > 1, () => `${length} executions of ${signal}`);
};

/** Whether groups were held beside one that AWS refused to change, where nothing else kept Holdfast from it. */
export const judgeOthers = (
  incident: RandomIncident,
  journals: { incidentId: string; entries: JournalEntry[] }[],
  { look }: Ledger,
): void => {
  const refusing = ofKind(incident.parts, 'refuses');
  if (refusing.length === 0 || !isCalm(incident)) return;
  const failing = new Set(refusing.flatMap(({ groups }) => groups));
  for (const { incidentId, entries } of journals) {
    const isHold =
      entries.some(({ event }) => event === 'opened') &&
      /:holdfast-rehearsal-(pause-scaling|protect-instances):/.test(incidentId);
    if (!isHold) continue;
    const done = new Set(namesIn(entries, ['held', 'overridden', 'gone', 'refused']));
    for (const name of namesIn(entries, ['planned'])) {
      if (failing.has(name)) continue;
      look(
        'stops no other',
        !done.has(name),
        () => `${name} was not held by ${incidentId}, beside groups that AWS refused to change`,
      );
    }
  }
};

/** So long after its end a hold may be given back: the next look, and one that AWS does not answer. */
const seesItsEndSeconds = 180;

/** Whether holds went on longer than they may, where nothing but a group itself kept Holdfast from it. */
export const judgeDurations = (
  incident: RandomIncident,
  { stepFunctions }: SimulatedCloud,
  journals: { incidentId: string; entries: JournalEntry[] }[],
  { look }: Ledger,
): void => {
  if (!isCalm(incident)) return;
  for (const { incidentId, entries } of journals) {
    const [, remediation] = /:holdfast-rehearsal-(pause-scaling|protect-instances):/.exec(incidentId) ?? [];
    const opened = entries.find(({ event }) => event === 'opened');
    const ended = entries.find(({ event }) => event === 'releasing');
    const input = stepFunctions.executions.get(incidentId)?.input;
    if (remediation === undefined || opened === undefined || ended === undefined || input === undefined)
      continue;
    const parsed = parseHoldInput(remediation as Remediation, input);
    if (parsed.trigger === 'sweep') continue;
    const settings =
      parsed.trigger === 'manual'
        ? parsed.settings
        : randomPolicy.rules.find(({ name }) => name === parsed.rule)?.settings;
    const expires = parsed.trigger === 'manual' && !parsed.untilLaunchesSucceed;
    const atMost = expires ? settings?.expiresAfterSeconds : settings?.holdAtMostSeconds;
    if (atMost === undefined) continue;
    const lasted = secondsBetween(opened.at, ended.at);
    look(
      'ends',
      lasted > atMost + seesItsEndSeconds,
      () => `${incidentId} was held for ${lasted} s, and may be held for ${atMost} s`,
    );
  }
};

/** So long packets have to be lost for the alarm to be sure to have told of it. */
const surelyLostSeconds = 600;

/** Whether alarms were answered, where nothing kept Holdfast from it. */
export const judgeAnswers = (
  incident: RandomIncident,
  { stepFunctions }: SimulatedCloud,
  { look }: Ledger,
): void => {
  const lost = ofKind(incident.parts, 'loss').filter(
    ({ lasts, flapSeconds }) => flapSeconds === undefined && lasts >= surelyLostSeconds,
  );
  const isDisabled = ofKind(incident.parts, 'disable alarm actions').length > 0;
  if (lost.length === 0 || isDisabled || !isCalm(incident)) return;
  const isAnswered = [...stepFunctions.executions.values()].some(
    ({ input }) => (input as { rule?: string } | null)?.rule === 'some-loss',
  );
  look('answers', !isAnswered, () => 'packets were lost, and no execution was started');
};

/** Whether everything is as it should be once everything is over. */
export const judgeEnd = async (
  cloud: SimulatedCloud,
  people: People,
  minSizes: Map<string, number>,
  calls: RecordedCall[],
  ledger: Ledger,
): Promise<void> => {
  const { autoScaling, ec2, store, stepFunctions, time } = cloud;
  const { look } = ledger;
  const left = leftForPeople(cloud);
  const isAskedToEnd = new Set(
    calls
      .filter(({ operation }) => operation === 'CancelCapacityReservation')
      .map(({ input }) => String(input.CapacityReservationId)),
  );
  judgeSignals(cloud, ledger);
  const open = new Set((await store.listOpenIncidents()).map(({ incidentId }) => incidentId));
  for (const incidentId of new Set([...stepFunctions.executions.keys(), ...open]))
    look('ends', open.has(incidentId), () => `${incidentId} is open in the end`);
  for (const { name, status } of stepFunctions.executions.values())
    look('ends', status === 'RUNNING', () => `the execution ${name} runs in the end`);
  const records = new Set(
    [...store.listGroups(), ...store.listResizes()].map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  const breakers = new Set(
    store
      .listLaunches()
      .filter(({ breaker }) => breaker !== undefined)
      .map(({ autoScalingGroupName }) => autoScalingGroupName),
  );
  for (const { capacityReservationId: id, state, endsAt = Number.POSITIVE_INFINITY } of ec2.reservations) {
    // One that could not be cancelled in time has ended by itself, whether or not anybody has looked since.
    const isOver = state !== 'active' || (endsAt <= time.now() && isAskedToEnd.has(id));
    look('leaves nothing', !isOver, () => `${id} is reserved in the end`);
  }
  for (const group of autoScaling.groups.values()) {
    const { name, instances } = group;
    look('ends', breakers.has(name), () => `the breaker of ${name} is open in the end`);
    if (!left.has(name)) look('leaves nothing', records.has(name), () => `${name} has a record in the end`);
    if (isOptedIn(group) && !left.has(name)) judgeGroup(group, people, minSizes.get(name), ledger);
    for (const {
      instanceId,
      lifecycleState,
      ec2: { state },
    } of instances) {
      if (left.has(instanceId)) continue;
      look(
        'leaves nothing',
        /Standby$/.test(lifecycleState) || /^stop/.test(state),
        () => `${instanceId} of ${name} is ${lifecycleState} and ${state} in the end`,
      );
    }
  }
};
