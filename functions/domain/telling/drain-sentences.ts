import type { BreakerNews, ProbeFailure } from '../drain/decide-breaker.ts';
import { type DrainStep, tellWaited, terminatedBecause } from '../drain/decide-drain-step.ts';
import type { DrainChoice, DrainWait, Widespread } from '../drain/decide-drains.ts';
import type { Breaker } from '../launches/launch-record.ts';
import { spokenDuration } from '../times.ts';

/** Why nothing is drained anywhere. */
export const tellWidespread = ({ failingGroups, managedGroups }: Widespread): string =>
  `launches fail in ${failingGroups} of ${managedGroups} managed groups at once: that is not a group's fault, so nothing is drained`;

const tellWait = (wait: DrainWait): string => {
  switch (wait.because) {
    case 'WIDESPREAD':
      return tellWidespread(wait);
    case 'PROCESS_SUSPENDED':
      return `${wait.process} is suspended`;
    case 'HOOKS_CONTINUE':
      return 'its launch hooks let it into service when they time out, so it is left to them; set drainContinuing if it may be drained';
    case 'HOOKS_UNREADABLE':
      return 'its launch hooks cannot be read, and might let it into service when they time out';
    case 'BREAKER_OPEN':
      return `the breaker is open until ${wait.probeAt}`;
    case 'BREAKER_PROBES':
      return 'the breaker probes, and the next launch is watched first';
    case 'PER_GROUP_PER_HOUR':
      return `${wait.limit} were drained in this group within the hour`;
    case 'BREAKER_AFTER':
      return `${wait.limit} were drained since a launch last succeeded; what is launched in their place is watched first`;
    case 'AT_ONCE':
      return `${wait.limit} are being drained at once`;
    case 'PER_HOUR':
      return `${wait.limit} were drained within the hour`;
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
      return 'its hooks were completed and it does not come into service';
    case 'NOT_WAITING_ANY_MORE':
      return `it is ${step.lifecycleState} meanwhile and was left alone`;
    case 'REFUSED':
      return `AWS refused ${step.attempts} times to end it; end it by hand: aws ec2 terminate-instances --instance-ids ${step.instanceId}`;
    case 'STILL_THERE':
      return `it is still there ${spokenDuration(step.terminatedSeconds)} after its termination was accepted; look at its group's activities`;
    case 'ENDED_BEFORE':
      return 'it ended before';
    case 'WAITED':
      return `launch abandoned: ${tellWaited(step)}`;
    case 'NO_LAUNCH_HOOK':
    case 'STAYED':
      return `terminated: ${terminatedBecause[step.because]}`;
  }
};

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
      return 'the breaker closes: nothing is missing any more';
    case 'PROBES':
      return `probe ${news.probes}: Launch is given back, and the next launch is watched`;
    case 'PROBE_FAILED':
      return `the breaker stays open: ${tellProbeFailure(news)}. The next probe is in ${spokenDuration(news.delaySeconds)}`;
  }
};

/** That a breaker opened, and why. */
export const tellBreakerOpened = ({ drained, cameBack, delaySeconds, reason }: Breaker): string =>
  `the breaker opens: ${reason ?? `${drained} instances were drained, none came into service since, and ${cameBack}, launched after them, is stuck too. Nothing is drained or launched for ${spokenDuration(delaySeconds)}`}`;
