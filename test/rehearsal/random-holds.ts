import type { AutoScaling } from '../../functions/aws/auto-scaling.ts';
import type { CloudWatch } from '../../functions/aws/cloudwatch.ts';
import type { StepFunctions } from '../../functions/aws/step-functions.ts';
import type { KillSwitch } from '../../functions/aws/systems-manager.ts';
import type { AutoScalingGroup } from '../../functions/domain/auto-scaling-group.ts';
import type { PlannedCall } from '../../functions/domain/calls.ts';
import { parseMode } from '../../functions/domain/mode.ts';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { stateMachineArns } from '../../functions/lambda/config.ts';
import { createApplyHold } from '../../functions/tasks/holds/apply-hold.ts';
import { createCheckHold } from '../../functions/tasks/holds/check-hold.ts';
import { createPlanHold } from '../../functions/tasks/holds/plan-hold.ts';
import { createReleaseHold } from '../../functions/tasks/holds/release-hold.ts';
import { createReportHold } from '../../functions/tasks/holds/report-hold.ts';
import { createSweep } from '../../functions/tasks/signals/sweep.ts';
import { createMemoryStore, type MemoryStore } from '../../rehearsal/memory-store.ts';
import { seededRandom } from '../../rehearsal/virtual-time.ts';
import { inputOf } from '../input-of.ts';

/**
 * A small world for properties of holds: the real tasks over a store in memory and one account whose descriptions lag,
 * driven as `hold.asl.yml` drives them, without wire and Step Functions, so that thousands of runs take minutes.
 * A description shows the group as it was at some moment of the last `readLagSeconds`, each time another; a change takes
 * effect `effectDelaySeconds` after it was accepted. Together they stay below what the rules allow for (120 s).
 */
export interface WorldSettings {
  seed: number;
  readLagSeconds: number;
  effectDelaySeconds: number;
  /** How often a call of AWS fails, without or with effect, and how often a function dies at a call or a write. */
  failureRate: number;
  deathRate: number;
}

/** What exists in a group, as AWS has it. */
interface Truth {
  arn: string;
  createdAt: string;
  suspended: Set<string>;
  /** Instance id and whether it is protected. */
  instances: Map<string, boolean>;
}

const startMilliseconds = Date.parse('2026-03-02T03:00:00.000Z');
const machinePrefix = 'arn:aws:states:us-east-1:123456789012:stateMachine:holdfast-test-';

/** An error as the SDK throws it, for a call that may go well the next time. */
const awsError = (name: string): Error =>
  Object.assign(new Error('not now'), { name, $metadata: { httpStatusCode: 500 } });

const snapshot = ({ suspended, instances, ...rest }: Truth): Truth => ({
  ...rest,
  suspended: new Set(suspended),
  instances: new Map(instances),
});

/** Makes a world with one group `web`, and nobody in it. */
export const createWorld = (settings: WorldSettings, initial: { suspended: string[]; ids: string[] }) => {
  const random = seededRandom(settings.seed);
  const queue: { at: number; order: number; go: () => void }[] = [];
  let seconds = 0;
  let order = 0;
  const at = (when: number, go: () => void): void => {
    order += 1;
    queue.push({ at: when, order, go });
    queue.sort((a, b) => a.at - b.at || a.order - b.order);
  };
  const sleep = (for_: number): Promise<void> => new Promise((resolve) => at(seconds + for_, resolve));
  const clock = { now: () => new Date(startMilliseconds + Math.round(seconds * 1000)).toISOString() };

  // ---- the account
  let arns = 1;
  const arnOf = (n: number): string =>
    `arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:${n}:autoScalingGroupName/web`;
  let truth: Truth | undefined = {
    arn: arnOf(1),
    createdAt: '2020-01-01T00:00:00.000Z',
    suspended: new Set(initial.suspended),
    instances: new Map(initial.ids.map((id) => [id, false])),
  };
  const history: { at: number; truth: Truth | undefined }[] = [
    { at: Number.NEGATIVE_INFINITY, truth: snapshot(truth) },
  ];
  /** Changes the truth now, as people, AWS and accepted calls do. */
  const change = (how: (truth: Truth) => void): void => {
    if (truth === undefined) return;
    how(truth);
    history.push({ at: seconds, truth: snapshot(truth) });
  };
  const describe = (): AutoScalingGroup[] => {
    const shownAt = seconds - settings.readLagSeconds * random();
    const shown = history.findLast((entry) => entry.at <= shownAt)?.truth;
    if (shown === undefined) return [];
    return [
      {
        autoScalingGroupName: 'web',
        autoScalingGroupArn: shown.arn,
        createdAt: shown.createdAt,
        minSize: 1,
        maxSize: 20,
        desiredCapacity: shown.instances.size,
        suspendedProcesses: [...shown.suspended],
        tags: { holdfast: 'true', tier: 'web' },
        instances: [...shown.instances].map(([instanceId, protectedFromScaleIn]) => ({
          instanceId,
          lifecycleState: 'InService',
          healthStatus: 'Healthy',
          protectedFromScaleIn,
        })),
      },
    ];
  };
  const carryOut = (call: PlannedCall, arn: string): void => {
    const { operation } = call;
    const input = inputOf(call);
    change((group) => {
      // A call meets the group that has the name when it takes effect.
      if (group.arn !== arn) return;
      const named = input.ScalingProcesses ?? input.InstanceIds ?? [];
      for (const setting of named) {
        if (operation === 'SuspendProcesses') group.suspended.add(setting);
        if (operation === 'ResumeProcesses') group.suspended.delete(setting);
        if (operation === 'SetInstanceProtection' && group.instances.has(setting)) {
          group.instances.set(setting, input.ProtectedFromScaleIn === true);
        }
      }
    });
  };

  // ---- functions: each may die at any call or write, and is never heard of again then
  const step = async (for_: number): Promise<void> => {
    if (random() < settings.deathRate) await new Promise(() => {});
    await sleep(for_);
  };
  const autoScaling: AutoScaling = {
    describeAutoScalingGroups: async (names) => {
      await step(0.2);
      if (random() < settings.failureRate) throw awsError('Throttling');
      return names.includes('web') ? describe() : [];
    },
    describeAutoScalingGroupsByTags: async () => describe(),
    describeAutoScalingGroupsWithTag: async () => [],
    describeAutoScalingInstance: async () => undefined,
    describeLaunches: async () => [],
    describeLaunchHooks: async () => [],
    describeInstanceRefresh: async () => undefined,
    describePolicies: async () => new Map(),
    describeScheduledActions: async () => new Map(),
    make: async (call) => {
      await step(0.1 + 20 * random() ** 4);
      if (call.operation === 'CreateOrUpdateTags' || call.operation === 'DeleteTags') return;
      if (random() < settings.failureRate) throw awsError('InternalFailure');
      if (truth === undefined) throw awsError('ValidationError');
      const ids = call.operation === 'SetInstanceProtection' ? (call.input.InstanceIds as string[]) : [];
      if (ids.some((id) => truth?.instances.has(id) === false)) {
        throw Object.assign(new Error('The instance is not in InService'), {
          name: 'ValidationError',
          $metadata: { httpStatusCode: 400 },
        });
      }
      const { arn } = truth;
      at(seconds + settings.effectDelaySeconds, () => carryOut(call as PlannedCall, arn));
      if (random() < settings.failureRate) throw awsError('TimeoutError');
      if (random() < settings.deathRate) await new Promise(() => {});
    },
  };
  const inner = createMemoryStore(() => {}, false, clock);
  const store: MemoryStore = new Proxy(inner, {
    get: (target, method: string) => {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function' || method.startsWith('list')) return value;
      return async (...input: unknown[]): Promise<unknown> => {
        await step(0.01);
        return value.apply(target, input);
      };
    },
  });
  let switchWord = 'live';
  const killSwitch: KillSwitch = { read: async () => ({ mode: parseMode(switchWord) ?? 'off' }) };
  let alarm: { value: 'OK' | 'ALARM'; since: string } = { value: 'OK', since: clock.now() };
  const describeAlarm = () => ({ alarmName: 'loss', alarmArn: 'arn:loss', ...alarm });
  const cloudWatch: CloudWatch = {
    describeAlarm: async () => describeAlarm(),
    describeAlarmsInAlarm: async () => (alarm.value === 'ALARM' ? [describeAlarm()] : []),
    describeMute: async () => undefined,
  };

  // ---- executions, as hold.asl.yml has them
  interface Run {
    status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
    stoppedAt: string;
    error?: string;
  }
  const runs = new Map<string, Run>();
  const executionArn = (machine: string, name: string): string =>
    `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
  const stepFunctions: StepFunctions = {
    startExecution: async (machine, name, input) => {
      const arn = executionArn(machine, name);
      if (runs.has(arn)) return { started: false };
      void execute(arn, machine.slice(machinePrefix.length) as Remediation, input);
      return { started: true };
    },
    describeExecution: async (arn) => runs.get(arn),
    isRunning: async (arn) => runs.get(arn)?.status === 'RUNNING',
  };
  let owners = 0;
  const dependencies = {
    autoScaling: () => autoScaling,
    cloudWatch,
    stepFunctions,
    killSwitch,
    store,
    clock,
    newOwner: () => {
      owners += 1;
      return `owner-${owners}`;
    },
    policy: { rules: [] } as Policy,
    stage: 'test',
    stageMode: 'live' as const,
    stateMachineArns: stateMachineArns({ stateMachineArnPrefix: machinePrefix }),
    measure: () => {},
    ec2: {} as never,
    cloudTrail: { lookupEvents: async () => [] },
  };
  const planHold = createPlanHold(dependencies);
  const applyHold = createApplyHold(dependencies);
  const checkHold = createCheckHold(dependencies);
  const releaseHold = createReleaseHold(dependencies);
  const reportHold = createReportHold(dependencies);
  const runSweep = createSweep(dependencies);

  let isSweeping = false;
  const sweep = async (): Promise<void> => {
    if (isSweeping) return;
    isSweeping = true;
    // A sweep that died is over when its function times out.
    await Promise.race([runSweep({}).catch(() => {}), sleep(300)]);
    isSweeping = false;
  };

  const execute = async (arn: string, remediation: Remediation, input: unknown): Promise<void> => {
    const run: Run = { status: 'RUNNING', stoppedAt: '' };
    runs.set(arn, run);
    const isOver = (): boolean => run.status !== 'RUNNING';
    const end = (status: Run['status']): void => {
      if (isOver()) return;
      run.status = status;
      run.stoppedAt = clock.now();
      if (status !== 'SUCCEEDED') at(seconds + 1, () => void sweep());
    };
    /** A Task: tried again when its function fails or dies; its end is not seen once the execution was stopped. */
    const task = async <Result>(work: () => Promise<Result>, tries: number): Promise<Result | undefined> => {
      for (let n = 0; n < tries && !isOver(); n += 1) {
        const outcome = await Promise.race([
          work().then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
          sleep(330).then(() => ({ error: new Error('States.Timeout') })),
        ]);
        if (isOver()) return undefined;
        if ('value' in outcome) return outcome.value;
        await sleep(10);
      }
      end('FAILED');
      return undefined;
    };
    const plan = await task(() => planHold({ executionArn: arn, remediation, input }), 5);
    if (plan === undefined) return;
    if (plan.action === 'HOLD') {
      let check: { round: number; because: string } | undefined;
      for (;;) {
        const applied = await task(() => applyHold({ plan, ...(check === undefined ? {} : { check }) }), 60);
        if (applied === undefined) return;
        await sleep(applied.waitSeconds);
        if (isOver()) return;
        const checked = await task(
          () => checkHold({ plan, applied, ...(check === undefined ? {} : { check }) }),
          60,
        );
        if (checked === undefined) return;
        check = checked;
        if (checked.action !== 'KEEP') break;
      }
    }
    let release: { round: number; action: string; waitSeconds: number } | undefined;
    while (plan.action === 'HOLD' || plan.action === 'GIVE_BACK') {
      const released = await task(
        () => releaseHold({ plan, ...(release === undefined ? {} : { release }) }),
        9,
      );
      if (released === undefined) return;
      release = released;
      if (released.action !== 'WAIT') break;
      await sleep(released.waitSeconds);
      if (isOver()) return;
    }
    await task(() => reportHold({ plan }), 5);
    end(release?.action === 'GIVE_UP' ? 'FAILED' : 'SUCCEEDED');
  };

  return {
    at,
    change,
    seconds: () => seconds,
    isThere: (): boolean => truth !== undefined,
    truth: (): Truth | undefined => truth,
    start: (remediation: Remediation, name: string, input: unknown): void => {
      void stepFunctions.startExecution(`${machinePrefix}${remediation}`, name, input);
    },
    stop: (remediation: Remediation, name: string): void => {
      const run = runs.get(executionArn(`${machinePrefix}${remediation}`, name));
      if (run?.status !== 'RUNNING') return;
      run.status = 'ABORTED';
      run.stoppedAt = clock.now();
      at(seconds + 1, () => void sweep());
    },
    setSwitch: (word: string): void => {
      switchWord = word;
    },
    setAlarm: (value: 'OK' | 'ALARM'): void => {
      alarm = { value, since: clock.now() };
    },
    /** Deletes the group, and makes another one of its name a moment later. */
    makeAnew: (suspended: string[], ids: string[]): void => {
      truth = undefined;
      history.push({ at: seconds, truth: undefined });
      at(seconds + 30, () => {
        arns += 1;
        truth = {
          arn: arnOf(arns),
          createdAt: clock.now(),
          suspended: new Set(suspended),
          instances: new Map(ids.map((id) => [id, false])),
        };
        history.push({ at: seconds, truth: snapshot(truth) });
      });
    },
    /** Lets time pass. */
    runUntil: async (until: number): Promise<void> => {
      for (let next = 300; next <= until; next += 300) at(next, () => void sweep());
      for (;;) {
        const [first] = queue;
        if (first === undefined || first.at > until) break;
        queue.shift();
        seconds = first.at;
        first.go();
        await new Promise((resolve) => process.nextTick(resolve));
      }
      seconds = until;
    },
    store: inner,
    runs,
  };
};
