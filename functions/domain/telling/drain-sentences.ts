import type { BreakerNews, ProbeFailure } from '../drain/decide-breaker.ts';
import { type DrainStep, tellWaited, terminatedBecause } from '../drain/decide-drain-step.ts';
import type { DrainChoice, DrainWait, Widespread } from '../drain/decide-drains.ts';
import type { Breaker } from '../launches/launch-record.ts';
import { counted, spokenDuration, spokenTime } from '../times.ts';
import { terminateInstanceCommand } from './commands.ts';

/** Why nothing is drained anywhere. */
export const tellWidespread = ({ failingGroups, managedGroups }: Widespread): string =>
  `launches fail in ${failingGroups} of the ${managedGroups} groups with the opt-in tag at the same time, so the cause is probably outside the groups, and Holdfast terminates no stuck launch`;

const tellWait = (wait: DrainWait): string => {
  switch (wait.because) {
    case 'WIDESPREAD':
      return tellWidespread(wait);
    case 'PROCESS_SUSPENDED':
      return `${wait.process} is suspended`;
    case 'HOOKS_CONTINUE':
      return 'its launch hooks put it into service when they time out, so Holdfast leaves it to them; set drainContinuing to have it drained all the same';
    case 'HOOKS_UNREADABLE':
      return 'its launch hooks cannot be read, and they might put it into service when they time out';
    case 'BREAKER_OPEN':
      return `the breaker is open until ${spokenTime(wait.probeAt)}`;
    case 'BREAKER_PROBES':
      return 'the breaker probes: Holdfast watches the next launch first';
    case 'PER_GROUP_PER_HOUR':
      return `${wait.limit} in this group were drained within the hour, the most that perGroupPerHour allows`;
    case 'BREAKER_AFTER':
      return `${wait.limit} were drained since a launch last succeeded, the most that breakerAfter allows; Holdfast first watches what is launched in their place`;
    case 'AT_ONCE':
      return `${wait.limit} are being drained now, the most that atOnce allows`;
    case 'PER_HOUR':
      return `${wait.limit} were drained within the hour, the most that perHour allows`;
  }
};

/** How long an instance has been stuck and, where it has to wait, why. */
export const tellChoice = (choice: DrainChoice): string => {
  const stuck = `in Pending:Wait for ${spokenDuration(choice.waitedSeconds)} (by its ${choice.from})`;
  return choice.action === 'DRAIN' ? stuck : `${stuck}; ${tellWait(choice)}`;
};

/** What was done to an instance that is drained, or how that ended. */
export const tellDrainStep = (step: DrainStep & { action: 'END' | 'CALL' }): string => {
  switch (step.because) {
    case 'LEFT_THE_GROUP':
      return 'it left the group';
    case 'NEVER_IN_SERVICE':
      return 'its launch was abandoned, and it does not come into service';
    case 'NOT_WAITING_ANY_MORE':
      return `it is ${step.lifecycleState} by now, and Holdfast left it alone`;
    case 'REFUSED':
      return `AWS refused ${step.attempts} times to end it`;
    case 'STILL_THERE':
      return `it is still there ${spokenDuration(step.terminatedSeconds)} after AWS accepted to end it`;
    case 'ENDED_BEFORE':
      return 'it had ended already';
    case 'WAITED':
      return `launch abandoned: ${tellWaited(step)}`;
    case 'NO_LAUNCH_HOOK':
    case 'STAYED':
      return `terminated: ${terminatedBecause[step.because]}`;
  }
};

/** What a person can do about an instance that could not be drained. */
export const drainLeftTodo = (
  region: string,
  instanceId: string,
  { because }: DrainStep & { action: 'END' | 'CALL' },
): string[] =>
  because === 'REFUSED' || because === 'STILL_THERE'
    ? [`Look at the activities of its group, and end it: ${terminateInstanceCommand(region, instanceId)}`]
    : [];

const tellProbeFailure = (failure: ProbeFailure): string => {
  switch (failure.failure) {
    case 'STUCK':
      return `${failure.instanceId}, launched for the probe, is stuck`;
    case 'LAUNCH_FAILED':
      return 'the launch for the probe failed';
    case 'NO_LAUNCH':
      return 'no launch came to anything';
  }
};

/** What became of a breaker that was not closed. */
export const tellBreakerNews = (news: BreakerNews): string => {
  switch (news.because) {
    case 'LAUNCH_SUCCEEDED':
      return 'the breaker closes: a launch succeeded';
    case 'NOTHING_MISSING':
      return 'the breaker closes: no instance is missing any more';
    case 'PROBES':
      return `probe ${news.probes}: Launch runs again, and Holdfast watches the next launch`;
    case 'PROBE_FAILED':
      return `the breaker stays open: ${tellProbeFailure(news)}. The next probe is in ${spokenDuration(news.delaySeconds)}`;
  }
};

/** That a breaker opened, and why. */
export const tellBreakerOpened = ({ drained, cameBack, probeAt, reason }: Breaker): string =>
  `the breaker opens: ${reason ?? `Holdfast terminated ${counted(drained ?? 0, 'stuck launch', 'stuck launches')}, no launch has come into service since, and ${cameBack}, launched after them, is stuck too. Holdfast has suspended Launch until ${spokenTime(probeAt)}`}`;
