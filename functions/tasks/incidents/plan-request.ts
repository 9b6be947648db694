import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { StepFunctions } from '../../aws/step-functions.ts';
import type { Clock } from '../../clock.ts';
import { type AutoScalingGroup, optInTag } from '../../domain/auto-scaling-group.ts';
import { InvalidInputError } from '../../domain/errors.ts';
import type {
  DrainSettings,
  HoldSettings,
  Remediation,
  ResizeSettings,
} from '../../domain/holds/settings.ts';
import type { Incident, IncidentAlarm } from '../../domain/incident.ts';
import type { Mode } from '../../domain/mode.ts';
import { addSeconds, counted } from '../../domain/times.ts';
import { type InputSignal, parseHoldInput } from '../../events/hold-input.ts';
import type { Policy } from '../../events/policy.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from './write-journal.ts';

/** What an input asks for, whoever gave it. */
export interface Request {
  remediation: Remediation;
  rule?: string;
  alarm?: IncidentAlarm;
  untilLaunchesSucceed: boolean;
  reason: string;
  names: string[];
  tags: Record<string, string> | undefined;
  settings: HoldSettings;
  drain?: DrainSettings;
  resize?: ResizeSettings;
  dryRun: boolean;
}

const reasonOf = ({ alarm, launchFailures, stuckInstance, breaker }: InputSignal): string => {
  if (alarm !== undefined) return `alarm ${alarm.alarmName} in ALARM since ${alarm.stateTimestamp}`;
  if (launchFailures !== undefined) {
    return `launches of ${launchFailures.autoScalingGroupName} fail, the latest at ${launchFailures.failedAt}`;
  }
  if (breaker !== undefined) {
    return `the breaker of ${breaker.autoScalingGroupName} is open since ${breaker.openedAt}`;
  }
  return `${stuckInstance?.instanceId} of ${stuckInstance?.autoScalingGroupName} waits in Pending:Wait since ${stuckInstance?.since}`;
};

/**
 * Reads what an execution was asked for.
 * @throws InvalidInputError for an input that cannot be understood, or that names a rule of another remediation
 */
export const toRequest = (remediation: Remediation, input: unknown, policy: Policy): Request => {
  const parsed = parseHoldInput(remediation, input);
  if (parsed.trigger === 'sweep') throw new InvalidInputError('giving back asks for nothing new');
  if (parsed.trigger === 'manual') {
    return {
      remediation,
      reason: parsed.reason,
      untilLaunchesSucceed: parsed.untilLaunchesSucceed,
      names: 'autoScalingGroupNames' in parsed.targets ? parsed.targets.autoScalingGroupNames : [],
      tags: 'tags' in parsed.targets ? parsed.targets.tags : undefined,
      settings: parsed.settings,
      ...(parsed.drain === undefined ? {} : { drain: parsed.drain }),
      ...(parsed.resize === undefined ? {} : { resize: parsed.resize }),
      dryRun: parsed.dryRun,
    };
  }
  const fitting = policy.rules.filter((rule) => rule.do === remediation);
  const rule = fitting.find(({ name }) => name === parsed.rule);
  if (rule === undefined) {
    throw new InvalidInputError(
      `rule: found "${parsed.rule}"; allowed: ${fitting.map(({ name }) => name).join(', ') || 'none'}, the rules of the deployed policy that ask for ${remediation}`,
    );
  }
  const { alarm, launchFailures } = parsed.signal;
  return {
    remediation,
    rule: rule.name,
    ...(alarm === undefined ? {} : { alarm }),
    untilLaunchesSucceed: remediation === 'protect-instances',
    reason: `rule ${rule.name}: ${reasonOf(parsed.signal)}`,
    // Failed launches are one group's; an alarm says nothing of groups.
    names: launchFailures === undefined ? [] : [launchFailures.autoScalingGroupName],
    tags: launchFailures === undefined ? rule.targets.tags : undefined,
    settings: rule.settings,
    ...(rule.drain === undefined ? {} : { drain: rule.drain }),
    ...(rule.resize === undefined ? {} : { resize: rule.resize }),
    dryRun: parsed.dryRun,
  };
};

/** The groups a request is about, as they are now. */
export const describeTargets = (autoScaling: AutoScaling, request: Request): Promise<AutoScalingGroup[]> =>
  request.tags === undefined
    ? autoScaling.describeAutoScalingGroups(request.names)
    : autoScaling.describeAutoScalingGroupsByTags({ ...request.tags, [optInTag.key]: optInTag.value });

/** Whether an open incident is the same affair as a request over these groups. */
const isSameAffair = (
  incident: Incident,
  heldNames: string[],
  request: Request,
  names: string[],
): boolean => {
  if (incident.remediation !== request.remediation) return false;
  // Two that drain one group would count each other's drains twice, and each believe the other's to be its own.
  if (request.remediation === 'drain-pending-wait' || request.remediation === 'resize-in-place') {
    return names.some((name) => heldNames.includes(name));
  }
  if (request.alarm !== undefined) {
    return incident.rule === request.rule && incident.alarm?.alarmArn === request.alarm.alarmArn;
  }
  return (
    request.untilLaunchesSucceed &&
    incident.untilLaunchesSucceed === true &&
    incident.alarm === undefined &&
    names.length > 0 &&
    names.every((name) => heldNames.includes(name))
  );
};

/**
 * The running execution that tends the same affair already, if one does: an alarm that flaps is one incident, and so
 * is a group whose launches go on failing. The new execution's name is used up all the same, so that nobody takes the
 * signal up again after a person has stopped the other.
 *
 * @returns its name
 */
export const findTending = async (
  { store, stepFunctions }: { store: Store; stepFunctions: StepFunctions },
  incidentId: string,
  request: Request,
  names: string[],
): Promise<string | undefined> => {
  for (const incident of await store.listOpenIncidents()) {
    if (incident.incidentId === incidentId || incident.status !== 'HELD') continue;
    const heldNames = await store.readIncidentGroups(incident.incidentId);
    if (!isSameAffair(incident, heldNames, request, names)) continue;
    if (await stepFunctions.isRunning(incident.incidentId)) return incident.incidentId.split(':').at(-1);
  }
  return undefined;
};

/**
 * Opens an incident, and says so in its journal: an execution that fails before that has begun nothing, and its signal
 * is tried again.
 */
export const openIncident = async (
  { store, clock }: { store: Store; clock: Clock },
  incident: Incident,
  names: string[],
): Promise<void> => {
  await store.createIncident(incident, names);
  await writeJournal(store, incident.incidentId, [
    {
      at: clock.now(),
      event: 'opened',
      message: `the incident is open over ${counted(names.length, 'group')}`,
    },
  ]);
};

/** The incident that the sweep asks an execution to give back, where it does. */
export const incidentToGiveBack = (remediation: Remediation, input: unknown): string | undefined => {
  const parsed = parseHoldInput(remediation, input);
  return parsed.trigger === 'sweep' ? parsed.incidentId : undefined;
};

/** The incident that a request opens. */
export const toIncident = (request: Request, incidentId: string, mode: Mode, now: string): Incident => ({
  incidentId,
  remediation: request.remediation,
  ...(request.rule === undefined ? {} : { rule: request.rule }),
  ...(request.alarm === undefined ? {} : { alarm: request.alarm }),
  ...(request.untilLaunchesSucceed ? { untilLaunchesSucceed: true } : {}),
  ...(request.tags === undefined ? {} : { targetTags: request.tags }),
  reason: request.reason,
  mode,
  settings: request.settings,
  ...(request.drain === undefined ? {} : { drain: request.drain }),
  ...(request.resize === undefined ? {} : { resize: request.resize }),
  startedAt: now,
  expiresAt: addSeconds(now, request.settings.expiresAfterSeconds),
  status: 'HELD',
});
