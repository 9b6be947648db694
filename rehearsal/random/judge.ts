import { isOptedIn } from '../../functions/domain/auto-scaling-group.ts';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import { type JournalEntry, namesIn } from '../../functions/domain/journal.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { secondsBetween } from '../../functions/domain/times.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';
import type { SimulatedGroup } from '../cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';
import type { RecordedCall } from '../cloud/wire.ts';
import { leftForPeople } from './left-for-people.ts';
import { ofKind, type RandomIncident } from './parts.ts';
import type { People } from './people.ts';
import { randomPolicy } from './policy.ts';
import { isCalm } from './random-incident.ts';
import type { BrokenPromise } from './watch.ts';

const judgeGroup = (group: SimulatedGroup, people: People, minSize: number | undefined): BrokenPromise[] => {
  const { name } = group;
  const theirs = people.of(group);
  const wrong = [...new Set([...group.suspended.keys(), ...theirs.suspended])].filter(
    (process) =>
      !theirs.unclear.has(process) && group.suspended.has(process) !== theirs.suspended.has(process),
  );
  const isProtected = ({ instanceId, protectedFromScaleIn }: SimulatedGroup['instances'][number]): boolean =>
    protectedFromScaleIn && !theirs.protected.has(instanceId) && !theirs.unclearProtection.has(instanceId);
  const isClear = group.newInstancesProtected !== true && theirs.isManagedByEcs !== true;
  const protections = isClear ? group.instances.filter(isProtected) : [];
  const unprotected =
    theirs.isManagedByEcs === true
      ? []
      : group.instances.filter(
          ({ instanceId, protectedFromScaleIn, lifecycleState }) =>
            lifecycleState === 'InService' && !protectedFromScaleIn && theirs.protected.has(instanceId),
        );
  return [
    ...wrong.map(
      (process): BrokenPromise => ({
        promise: 'gives back',
        text: `${process} of ${name} is ${group.suspended.has(process) ? '' : 'not '}suspended in the end, and people ${theirs.suspended.has(process) ? 'suspended it' : 'did not'}`,
      }),
    ),
    ...protections.map(
      ({ instanceId }): BrokenPromise => ({
        promise: 'gives back',
        text: `${instanceId} of ${name} is protected in the end, and people did not protect it`,
      }),
    ),
    ...unprotected.map(
      ({ instanceId }): BrokenPromise => ({
        promise: 'gives back',
        text: `${instanceId} of ${name} is not protected in the end, and people protected it`,
      }),
    ),
    ...(holdTagKey in group.tags
      ? [{ promise: 'leaves nothing' as const, text: `${name} has the tag ${holdTagKey} in the end` }]
      : []),
    ...(minSize === undefined || group.minSize === minSize
      ? []
      : [
          {
            promise: 'gives back' as const,
            text: `the minimum of ${name} is ${group.minSize} in the end, and was ${minSize}`,
          },
        ]),
  ];
};

/** Executions that one signal started, beside those that failed before they began and were started again. */
const judgeSignals = ({ stepFunctions }: SimulatedCloud): BrokenPromise[] => {
  const signals = [...stepFunctions.executions.values()]
    .filter(({ status, input }) => status !== 'FAILED' && typeof input === 'object' && input !== null)
    .flatMap(({ input }) => {
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
  return [...Map.groupBy(signals, (signal) => signal)]
    .filter(([, some]) => some.length > 1)
    .map(([signal, some]) => ({ promise: 'one execution', text: `${some.length} executions of ${signal}` }));
};

/** Groups that were not held beside one that AWS refused to change, where nothing else kept Holdfast from it. */
export const judgeOthers = (
  incident: RandomIncident,
  journals: { incidentId: string; entries: JournalEntry[] }[],
): BrokenPromise[] => {
  const refusing = ofKind(incident.parts, 'refuses');
  if (refusing.length === 0 || !isCalm(incident)) return [];
  const failing = new Set(refusing.flatMap(({ groups }) => groups));
  return journals.flatMap(({ incidentId, entries }) => {
    const isHold =
      entries.some(({ event }) => event === 'opened') &&
      /:holdfast-rehearsal-(pause-scaling|protect-instances):/.test(incidentId);
    if (!isHold) return [];
    const done = new Set(namesIn(entries, ['held', 'overridden', 'gone', 'refused']));
    return namesIn(entries, ['planned'])
      .filter((name) => !failing.has(name) && !done.has(name))
      .map((name) => ({
        promise: 'stops no other' as const,
        text: `${name} was not held by ${incidentId}, beside groups that AWS refused to change`,
      }));
  });
};

/** So long after its end a hold may be given back: the next look, and one that AWS does not answer. */
const seesItsEndSeconds = 180;

/** Holds that went on longer than they may, where nothing but a group itself kept Holdfast from it. */
export const judgeDurations = (
  incident: RandomIncident,
  { stepFunctions }: SimulatedCloud,
  journals: { incidentId: string; entries: JournalEntry[] }[],
): BrokenPromise[] => {
  if (!isCalm(incident)) return [];
  return journals.flatMap(({ incidentId, entries }): BrokenPromise[] => {
    const [, remediation] = /:holdfast-rehearsal-(pause-scaling|protect-instances):/.exec(incidentId) ?? [];
    const opened = entries.find(({ event }) => event === 'opened');
    const ended = entries.find(({ event }) => event === 'releasing');
    const input = stepFunctions.executions.get(incidentId)?.input;
    if (remediation === undefined || opened === undefined || ended === undefined || input === undefined)
      return [];
    const parsed = parseHoldInput(remediation as Remediation, input);
    if (parsed.trigger === 'sweep') return [];
    const settings =
      parsed.trigger === 'manual'
        ? parsed.settings
        : randomPolicy.rules.find(({ name }) => name === parsed.rule)?.settings;
    const expires = parsed.trigger === 'manual' && !parsed.untilLaunchesSucceed;
    const atMost = expires ? settings?.expiresAfterSeconds : settings?.holdAtMostSeconds;
    const lasted = secondsBetween(opened.at, ended.at);
    return atMost === undefined || lasted <= atMost + seesItsEndSeconds
      ? []
      : [
          {
            promise: 'ends',
            text: `${incidentId} was held for ${lasted} s, and may be held for ${atMost} s`,
          },
        ];
  });
};

/** So long packets have to be lost for the alarm to be sure to have told of it. */
const surelyLostSeconds = 600;

/** Alarms that nobody answered, where nothing kept Holdfast from it. */
export const judgeAnswers = (
  incident: RandomIncident,
  { stepFunctions }: SimulatedCloud,
): BrokenPromise[] => {
  const lost = ofKind(incident.parts, 'loss').filter(
    ({ lasts, flapSeconds }) => flapSeconds === undefined && lasts >= surelyLostSeconds,
  );
  const isDisabled = ofKind(incident.parts, 'disable alarm actions').length > 0;
  if (lost.length === 0 || isDisabled || !isCalm(incident)) return [];
  const isAnswered = [...stepFunctions.executions.values()].some(
    ({ input }) => (input as { rule?: string } | null)?.rule === 'some-loss',
  );
  return isAnswered ? [] : [{ promise: 'answers', text: 'packets were lost, and no execution was started' }];
};

/** What is not as it should be once everything is over. */
export const judgeEnd = async (
  cloud: SimulatedCloud,
  people: People,
  minSizes: Map<string, number>,
  calls: RecordedCall[],
): Promise<BrokenPromise[]> => {
  const { autoScaling, ec2, store, stepFunctions, time } = cloud;
  const left = leftForPeople(cloud);
  const isAskedToEnd = new Set(
    calls
      .filter(({ operation }) => operation === 'CancelCapacityReservation')
      .map(({ input }) => String(input.CapacityReservationId)),
  );
  const open = await store.listOpenIncidents();
  const running = [...stepFunctions.executions.values()].filter(({ status }) => status === 'RUNNING');
  const ends = (text: string): BrokenPromise => ({ promise: 'ends', text });
  const stays = (text: string): BrokenPromise => ({ promise: 'leaves nothing', text });
  const records = [...store.listGroups(), ...store.listResizes()].filter(
    ({ autoScalingGroupName }) =>
      autoScaling.groups.has(autoScalingGroupName) && !left.has(autoScalingGroupName),
  );
  const groups = [...autoScaling.groups.values()];
  return [
    ...judgeSignals(cloud),
    ...open.map(({ incidentId }) => ends(`${incidentId} is open in the end`)),
    ...running.map(({ name }) => ends(`the execution ${name} runs in the end`)),
    ...records.map(({ autoScalingGroupName }) => stays(`${autoScalingGroupName} has a record in the end`)),
    ...store
      .listLaunches()
      .filter(({ breaker }) => breaker !== undefined)
      .filter(({ autoScalingGroupName }) => autoScaling.groups.has(autoScalingGroupName))
      .map(({ autoScalingGroupName }) => ends(`the breaker of ${autoScalingGroupName} is open in the end`)),
    ...ec2.reservations
      .filter(({ state }) => state === 'active')
      // One that could not be cancelled in time has ended by itself, whether or not anybody has looked since.
      .filter(
        ({ capacityReservationId: id, endsAt = Number.POSITIVE_INFINITY }) =>
          endsAt > time.now() || !isAskedToEnd.has(id),
      )
      .map(({ capacityReservationId }) => stays(`${capacityReservationId} is reserved in the end`)),
    ...groups
      .filter((group) => isOptedIn(group) && !left.has(group.name))
      .flatMap((group) => judgeGroup(group, people, minSizes.get(group.name))),
    ...groups.flatMap(({ name, instances }) =>
      instances
        .filter(({ instanceId }) => !left.has(instanceId))
        .filter(
          ({ lifecycleState, ec2: { state } }) => /Standby$/.test(lifecycleState) || /^stop/.test(state),
        )
        .map(({ instanceId, lifecycleState, ec2: { state } }) =>
          stays(`${instanceId} of ${name} is ${lifecycleState} and ${state} in the end`),
        ),
    ),
  ];
};
