import type { VirtualTime } from '../virtual-time.ts';
import type {
  AutoScalingQuirks,
  Ec2State,
  SimulatedGroup,
  SimulatedInstance,
  World,
} from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';

/** A snapshot that was asked for. */
export interface SimulatedSnapshot {
  snapshotId: string;
  instanceId: string;
}

/** Capacity that is held for instances of one type in one zone. */
export interface SimulatedReservation {
  capacityReservationId: string;
  instanceType: string;
  availabilityZone: string;
  totalInstanceCount: number;
  availableInstanceCount: number;
  state: 'active' | 'cancelled';
}

/** What an instance that boots well writes. */
const goodConsole =
  '[    0.000000] Linux version 6.12\ncloud-init: finished\napplication: listening on port 8080\n';
/** GetConsoleOutput gives at most the latest 64 KiB (API reference). */
const consoleBytesMax = 65_536;
/** Typical times (EC2 User Guide, "Stop and start"; ranges observed, not published), in seconds: from, and how much more. */
const stopSeconds = [30, 60] as const;
const startSeconds = [10, 50] as const;
const checksSeconds = [120, 180] as const;
const forcedStopSeconds = 60;

const noCapacity = (instanceType: string, zone: string): CloudError =>
  new CloudError(
    'InsufficientInstanceCapacity',
    `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`,
    500,
  );

/**
 * Amazon EC2, simulated as far as Auto Scaling groups need: their instances, stopped, changed and started; status
 * checks; capacity and reservations of it; consoles; snapshots. Page names are of the Amazon EC2 User Guide.
 */
export const createEc2Service = (
  time: VirtualTime,
  world: Pick<World, 'hasCapacity'>,
  quirks: Pick<AutoScalingQuirks, 'startFailsLater' | 'stuckStopRate' | 'impairedStartRate'>,
  groups: Map<string, SimulatedGroup>,
) => {
  const snapshots: SimulatedSnapshot[] = [];
  const reservations: SimulatedReservation[] = [];
  const lasting = ([from, more]: readonly [number, number]): number => (from + more * time.random()) * 1000;

  const findInstance = (instanceId: string): { group: SimulatedGroup; instance: SimulatedInstance } => {
    for (const group of groups.values()) {
      const instance = group.instances.find((candidate) => candidate.instanceId === instanceId);
      if (instance !== undefined) return { group, instance };
    }
    throw new CloudError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  };
  const instancesOf = (input: Record<string, unknown>): SimulatedInstance[] =>
    (input.InstanceIds as string[]).map((id) => findInstance(id).instance);

  const mustBe = (instance: SimulatedInstance, states: Ec2State[], what: string): void => {
    if (states.includes(instance.ec2.state)) return;
    throw new CloudError(
      'IncorrectInstanceState',
      `The instance '${instance.instanceId}' is not in a state from which it can be ${what}.`,
    );
  };

  /** An open reservation of the instance's type and zone with room: a start takes it by itself. */
  const findReservation = ({ ec2, availabilityZone }: SimulatedInstance): SimulatedReservation | undefined =>
    reservations.find(
      (reservation) =>
        reservation.state === 'active' &&
        reservation.instanceType === ec2.instanceType &&
        reservation.availabilityZone === availabilityZone &&
        reservation.availableInstanceCount > 0,
    );

  const finishStop = (instance: SimulatedInstance, milliseconds: number): void => {
    setTimeout(() => {
      if (instance.ec2.state === 'stopping') instance.ec2.state = 'stopped';
    }, milliseconds);
  };

  /** A stuck shutdown stays in `stopping` until it is forced (TroubleshootingInstancesStopping). */
  const stop = (instance: SimulatedInstance, isForced: boolean): void => {
    mustBe(instance, ['running', 'stopping', 'stopped'], 'stopped');
    if (instance.ec2.state === 'stopped') return;
    if (instance.ec2.state === 'stopping') {
      if (isForced) finishStop(instance, forcedStopSeconds * 1000);
      return;
    }
    instance.ec2.state = 'stopping';
    const isStuck = !isForced && time.random() < quirks.stuckStopRate;
    if (!isStuck) finishStop(instance, lasting(stopSeconds));
  };

  /**
   * Nothing holds the place of a stopped instance but a reservation: without capacity a start fails, with its old
   * type too (troubleshooting-launch). Whether it is refused, or accepted and stopped again, is not settled.
   */
  const start = (instance: SimulatedInstance): void => {
    mustBe(instance, ['stopped', 'running', 'pending'], 'started');
    if (instance.ec2.state !== 'stopped') return;
    const { ec2, availabilityZone } = instance;
    const reservation = findReservation(instance);
    const isLacking = reservation === undefined && !world.hasCapacity(ec2.instanceType, availabilityZone);
    if (isLacking && !quirks.startFailsLater) throw noCapacity(ec2.instanceType, availabilityZone);
    if (reservation !== undefined) reservation.availableInstanceCount -= 1;
    const isImpaired = time.random() < quirks.impairedStartRate;
    ec2.state = 'pending';
    delete ec2.stateReason;
    setTimeout(() => {
      if (ec2.state !== 'pending') return;
      if (isLacking) {
        ec2.state = 'stopped';
        ec2.stateReason = {
          code: 'Server.InsufficientInstanceCapacity',
          message: 'There was insufficient capacity available to satisfy the request.',
        };
        return;
      }
      ec2.state = 'running';
      ec2.startedAt = time.now();
      ec2.checksOkAt = isImpaired ? Number.POSITIVE_INFINITY : time.now() + lasting(checksSeconds);
    }, lasting(startSeconds));
  };

  const describeInstance = (group: SimulatedGroup, instance: SimulatedInstance) => ({
    InstanceId: instance.instanceId,
    InstanceType: instance.ec2.instanceType,
    ImageId: `ami-${group.name}`,
    State: { Name: instance.ec2.state },
    ...(instance.ec2.stateReason === undefined
      ? {}
      : {
          StateReason: {
            Code: instance.ec2.stateReason.code,
            Message: instance.ec2.stateReason.message,
          },
        }),
    Placement: { AvailabilityZone: instance.availabilityZone },
    SubnetId: `subnet-${instance.availabilityZone}`,
    LaunchTime: new Date(instance.ec2.startedAt),
    Tags: [
      ...Object.entries(group.tags).map(([Key, Value]) => ({ Key, Value })),
      { Key: 'aws:autoscaling:groupName', Value: group.name },
    ],
  });

  const describeReservation = (reservation: SimulatedReservation) => ({
    CapacityReservationId: reservation.capacityReservationId,
    InstanceType: reservation.instanceType,
    AvailabilityZone: reservation.availabilityZone,
    TotalInstanceCount: reservation.totalInstanceCount,
    AvailableInstanceCount: reservation.availableInstanceCount,
    State: reservation.state,
  });

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeInstances: (input) => ({
      Reservations: (input.InstanceIds as string[]).map((id) => {
        const { group, instance } = findInstance(id);
        return { Instances: [describeInstance(group, instance)] };
      }),
    }),

    /** Running instances only, unless all are asked for (API reference). Checks run every minute. */
    DescribeInstanceStatus: (input) => ({
      InstanceStatuses: instancesOf(input)
        .filter(({ ec2 }) => input.IncludeAllInstances === true || ec2.state === 'running')
        .map(({ instanceId, ec2 }) => {
          const passed = ec2.checksOkAt <= time.now();
          const failed = ec2.checksOkAt === Number.POSITIVE_INFINITY && time.now() - ec2.startedAt > 300_000;
          const Status =
            ec2.state !== 'running' ? 'not-applicable' : passed ? 'ok' : failed ? 'impaired' : 'initializing';
          return {
            InstanceId: instanceId,
            InstanceState: { Name: ec2.state },
            InstanceStatus: { Status },
            SystemStatus: { Status: ec2.state === 'running' ? 'ok' : 'not-applicable' },
          };
        }),
    }),

    StopInstances: (input) => {
      for (const instance of instancesOf(input)) stop(instance, input.Force === true);
      return { StoppingInstances: [] };
    },

    StartInstances: (input) => {
      for (const instance of instancesOf(input)) start(instance);
      return { StartingInstances: [] };
    },

    /** One attribute a call; the type of a stopped instance only (API reference). */
    ModifyInstanceAttribute: (input) => {
      const { instance } = findInstance(String(input.InstanceId));
      mustBe(instance, ['stopped'], 'changed');
      instance.ec2.instanceType = (input.InstanceType as { Value: string }).Value;
      return {};
    },

    /** Capacity on demand, held until it is cancelled and paid for until then ("On-Demand Capacity Reservations"). */
    CreateCapacityReservation: (input) => {
      const { InstanceType, AvailabilityZone, InstanceCount } = input;
      if (!world.hasCapacity(String(InstanceType), String(AvailabilityZone))) {
        throw noCapacity(String(InstanceType), String(AvailabilityZone));
      }
      const reservation: SimulatedReservation = {
        capacityReservationId: `cr-${String(reservations.length + 1).padStart(17, '0')}`,
        instanceType: String(InstanceType),
        availabilityZone: String(AvailabilityZone),
        totalInstanceCount: Number(InstanceCount),
        availableInstanceCount: Number(InstanceCount),
        state: 'active',
      };
      reservations.push(reservation);
      return { CapacityReservation: describeReservation(reservation) };
    },

    CancelCapacityReservation: (input) => {
      const found = reservations.find(
        ({ capacityReservationId }) => capacityReservationId === input.CapacityReservationId,
      );
      if (found === undefined) {
        throw new CloudError(
          'InvalidCapacityReservationId.NotFound',
          `The capacity reservation ID '${input.CapacityReservationId}' does not exist`,
        );
      }
      found.state = 'cancelled';
      found.availableInstanceCount = 0;
      return { Return: true };
    },

    DescribeCapacityReservations: (input) => {
      const ids = input.CapacityReservationIds as string[] | undefined;
      return {
        CapacityReservations: reservations
          .filter(({ capacityReservationId }) => ids === undefined || ids.includes(capacityReservationId))
          .map(describeReservation),
      };
    },

    GetConsoleOutput: (input) => {
      const { instance } = findInstance(String(input.InstanceId));
      const text = instance.bootstrapFailure?.consoleOutput ?? goodConsole;
      return {
        InstanceId: instance.instanceId,
        Output: Buffer.from(text.slice(-consoleBytesMax)).toString('base64'),
      };
    },

    CreateSnapshots: (input) => {
      const { instance } = findInstance(
        String((input.InstanceSpecification as { InstanceId: string }).InstanceId),
      );
      const snapshotId = `snap-${String(snapshots.length + 1).padStart(17, '0')}`;
      snapshots.push({ snapshotId, instanceId: instance.instanceId });
      return { Snapshots: [{ SnapshotId: snapshotId, State: 'pending' }] };
    },
  };

  return {
    snapshots,
    reservations,
    handle: (operation: string, input: Record<string, unknown>): object => {
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`The simulated EC2 does not know ${operation} yet`);
      return answer(input);
    },
  };
};

/** The simulated service. */
export type Ec2Service = ReturnType<typeof createEc2Service>;
