import type { VirtualTime } from '../virtual-time.ts';
import type { SimulatedGroup, SimulatedInstance } from './auto-scaling-group.ts';
import { type AutoScalingQuirks, isSuspended, unitsInService } from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';
import type { InstanceLifecycle } from './instance-lifecycle.ts';

/** A rolling update of a group, as `UpdatePolicy.AutoScalingRollingUpdate` of its template asks for it. */
export interface RollingUpdate {
  /** What it suspends meanwhile; nothing by default. AWS recommends the five of `recommendedSuspensions`. */
  suspendProcesses?: string[];
  maxBatchSize: number;
  minInstancesInService: number;
  /** How long a batch may take before the update fails. */
  pauseSeconds: number;
}

/** Source: AWS knowledge centre; CDK writes them by default. */
export const recommendedSuspensions = [
  'HealthCheck',
  'ReplaceUnhealthy',
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
];

interface SimulatedStack {
  status: string;
  updatedAt: number;
}

/** How long a stack tidies up once its resources are updated. */
const cleanupSeconds = 60;

/**
 * AWS CloudFormation, simulated as far as groups feel it: a rolling update that acts on a group by itself. It raises
 * minimum and desired capacity for its duration, suspends what its template names, ends a batch of the instances that
 * were there before, waits for those that replace it, and sets everything back. The minimum is then what its template
 * names, whatever it was when the update began: so it is unless IgnoreUnmodifiedGroupSizeProperties is asked for. It
 * needs Launch and Terminate: with one of them suspended it waits, and a batch that takes longer than its pause fails the
 * update. What a rollback would replace once more is left out.
 * Source: CloudFormation User Guide, "UpdatePolicy attribute"; guardian/testing-asg-rolling-update for the sizes. Whether
 * its end also resumes what others had suspended before it came no page says: by seed.
 */
export const createCloudFormationService = (
  time: VirtualTime,
  quirks: Pick<AutoScalingQuirks, 'updateResumesWhatOthersSuspended'>,
  lifecycle: InstanceLifecycle,
) => {
  const stacks = new Map<string, SimulatedStack>();

  const begin = (group: SimulatedGroup, update: RollingUpdate): (() => void) => {
    const { desiredCapacity } = group;
    const { suspendProcesses = [], maxBatchSize, minInstancesInService } = update;
    const suspended = suspendProcesses.filter((process) => !isSuspended(group, process));
    for (const process of suspended) group.suspended.set(process, 'User suspended by CloudFormation');
    const meanwhile = Math.min(
      group.maxSize,
      Math.max(desiredCapacity, minInstancesInService + maxBatchSize),
    );
    group.minSize = meanwhile;
    group.desiredCapacity = meanwhile;
    return () => {
      const resumed = quirks.updateResumesWhatOthersSuspended ? suspendProcesses : suspended;
      for (const process of resumed) {
        if (group.suspended.delete(process)) group.resumedAt.set(process, time.now());
      }
      group.minSize = group.templateMinSize;
      group.desiredCapacity = Math.max(group.minSize, desiredCapacity);
    };
  };

  /** Replaces a batch after the other. */
  const roll = (stack: SimulatedStack, group: SimulatedGroup, update: RollingUpdate): void => {
    const finish = begin(group, update);
    const old = new Set(group.instances.map(({ instanceId }) => instanceId));
    let batchBeganAt = time.now();
    const end = (status: string): void => {
      finish();
      stack.status = status.replace(/COMPLETE$/, 'COMPLETE_CLEANUP_IN_PROGRESS');
      setTimeout(() => {
        stack.status = status;
      }, cleanupSeconds * 1000);
    };
    const turn = (): void => {
      const isStalled = ['Launch', 'Terminate'].some((process) => isSuspended(group, process));
      const isComplete = unitsInService(group) >= group.desiredCapacity;
      const left = group.instances.filter(
        ({ instanceId, lifecycleState }) => old.has(instanceId) && lifecycleState === 'InService',
      );
      if (isComplete && left.length === 0) {
        end('UPDATE_COMPLETE');
        return;
      }
      if (isComplete && !isStalled) {
        batchBeganAt = time.now();
        for (const instance of left.slice(0, update.maxBatchSize)) endInstance(group, instance);
      } else if (time.now() - batchBeganAt > update.pauseSeconds * 1000) {
        end('UPDATE_ROLLBACK_COMPLETE');
        return;
      }
      setTimeout(turn, 10_000);
    };
    setTimeout(turn, 10_000);
  };

  const endInstance = (group: SimulatedGroup, instance: SimulatedInstance): void =>
    lifecycle.terminate(group, instance, 'by a call', 'an instance was terminated by a user.');

  return {
    stacks,

    /** Begins the update of a stack, and of a group that belongs to it, where one is named. */
    updateStack: (stackName: string, group?: SimulatedGroup, update?: RollingUpdate): void => {
      // CloudFormation refuses an update of a stack that is being updated ("… is in UPDATE_IN_PROGRESS state and can not be updated").
      if (/_IN_PROGRESS$/.test(stacks.get(stackName)?.status ?? '')) return;
      const stack = { status: 'UPDATE_IN_PROGRESS', updatedAt: time.now() };
      stacks.set(stackName, stack);
      if (group !== undefined && update !== undefined) roll(stack, group, update);
    },

    handle: (operation: string, input: Record<string, unknown>): object => {
      if (operation !== 'DescribeStacks') {
        throw new Error(`The simulated CloudFormation does not know ${operation} yet`);
      }
      const stack = stacks.get(String(input.StackName));
      if (stack === undefined) {
        throw new CloudError('ValidationError', `Stack with id ${input.StackName} does not exist`);
      }
      const { status, updatedAt } = stack;
      return {
        Stacks: [
          {
            StackName: input.StackName,
            StackStatus: status,
            CreationTime: new Date(updatedAt - 86_400_000),
            LastUpdatedTime: new Date(updatedAt),
          },
        ],
      };
    },
  };
};

/** The simulated service. */
export type CloudFormationService = ReturnType<typeof createCloudFormationService>;
