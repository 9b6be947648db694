import type { CloudWatch } from '../aws/cloudwatch.ts';
import type { KillSwitch } from '../aws/systems-manager.ts';
import type { Clock } from '../clock.ts';
import { type AlarmState, decideStart } from '../domain/decide-start.ts';
import { lowestMode, type Mode } from '../domain/mode.ts';
import type { Policy } from '../events/policy.ts';
import { parseSignal } from '../events/signal.ts';
import { type StartDependencies, type StartOutcome, startExecutions } from './start-executions.ts';

/** What RouteSignal needs. */
export interface RouteSignalDependencies extends StartDependencies {
  cloudWatch: CloudWatch;
  killSwitch: KillSwitch;
  clock: Clock;
  policy: Policy;
  stageMode: Mode;
}

/** The alarm as it is now, a mute rule included: a muted alarm starts nothing. */
export const readAlarmAgain = async (
  cloudWatch: CloudWatch,
  alarmName: string,
): Promise<AlarmState | undefined> => {
  const current = await cloudWatch.describeAlarm(alarmName);
  if (current?.value !== 'ALARM') return current;
  const mutedBecause = await cloudWatch.describeMute(alarmName);
  return mutedBecause === undefined ? current : { ...current, suppressedBecause: mutedBecause };
};

/**
 * Takes one event and starts what the policy asks for. Throws when a fact cannot be read: Lambda tries the event
 * again, and after that the sweep finds the alarm by looking.
 */
export const createRouteSignal =
  (dependencies: RouteSignalDependencies) =>
  async (event: unknown): Promise<StartOutcome[]> => {
    const { cloudWatch, killSwitch, clock, policy, stageMode } = dependencies;
    const signal = parseSignal(event);
    if (signal.kind === 'ignored') return [{ action: 'IGNORED', reason: signal.reason }];
    const { alarm } = signal;
    // The rules, the state and a suppression in the event decide first: most events end here, with nothing read.
    const early = decideStart(policy, alarm, alarm, 'live', clock.now());
    if (early.every(({ action }) => action === 'IGNORE')) return startExecutions(dependencies, early);
    const mode = lowestMode(stageMode, await killSwitch.read());
    const current = await readAlarmAgain(cloudWatch, alarm.alarmName);
    return startExecutions(dependencies, decideStart(policy, alarm, current, mode, clock.now()));
  };
