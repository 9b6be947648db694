import type { VirtualTime } from '../virtual-time.ts';
import {
  type AutoScalingQuirks,
  changeEc2,
  type Ec2State,
  ec2ViewAt,
  numberOfVersion,
  type SimulatedGroup,
  type SimulatedInstance,
  type World,
} from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';
import { instanceTypes } from './instance-types.ts';
import { createThrottle } from './throttle.ts';

/** A snapshot that was asked for. */
interface SimulatedSnapshot {
  snapshotId: string;
  instanceId: string;
}

/** Capacity that is held for instances of one type in one zone. */
export interface SimulatedReservation {
  capacityReservationId: string;
  instanceType: string;
  availabilityZone: string;
  platform: string;
  tenancy: string;
  totalInstanceCount: number;
  availableInstanceCount: number;
  state: 'pending' | 'active' | 'cancelled' | 'expired';
  tags: Record<string, string>;
  clientToken: string;
  /** When it ends by itself. */
  endsAt?: number;
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
/** How long a restart takes; status checks follow as after a start. A model: no page says what they show meanwhile. */
const restartSeconds = 60;

/** What a reservation may be made for (API reference, CapacityReservationInstancePlatform). */
const reservablePlatforms = [
  'Linux/UNIX',
  'Red Hat Enterprise Linux',
  'SUSE Linux',
  'Ubuntu Pro',
  'Windows',
  ...['', ' Enterprise', ' Standard', ' Web'].map((edition) => `Windows with SQL Server${edition}`),
  ...[' Enterprise', ' Standard', ' Web'].flatMap((edition) => [
    `Linux with SQL Server${edition}`,
    `RHEL with SQL Server${edition}`,
  ]),
  'RHEL with HA',
  'RHEL with HA and SQL Server Enterprise',
  'RHEL with HA and SQL Server Standard',
];
/** Platforms that a reservation calls otherwise than an instance, as far as stories have them. */
const reservedAs: Record<string, string> = {
  'Red Hat BYOL Linux': 'Linux/UNIX',
  'Red Hat Enterprise Linux with HA': 'RHEL with HA',
};

/** A stop that was asked for (EC2 API reference, StateReason). */
const stoppedOnRequest = {
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
};
const lackedCapacity = {
  code: 'Server.InsufficientInstanceCapacity',
  message: 'There was insufficient capacity available to satisfy the request.',
};

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
  world: Pick<World, 'hasCapacity' | 'isOffered' | 'startsDeaf' | 'restartsEverySeconds'>,
  quirks: Pick<
    AutoScalingQuirks,
    | 'ec2TimeFactor'
    | 'ec2StaleSeconds'
    | 'startFailsLater'
    | 'stuckStopRate'
    | 'impairedStartRate'
    | 'deafStartRate'
    | 'reservationsTakeRunning'
    | 'reservationDelaySeconds'
  >,
  groups: Map<string, SimulatedGroup>,
  random: () => number,
) => {
  const groupOfInstance = new Map<string, SimulatedGroup>();
  const snapshots: SimulatedSnapshot[] = [];
  const versionsByToken = new Map<string, number>();
  /** Of versions of launch templates, by `lt-1 2`. */
  const descriptions = new Map<string, string>();
  const reservations: SimulatedReservation[] = [];
  const lasting = ([from, more]: readonly [number, number]): number =>
    (from + more * time.random()) * 1000 * quirks.ec2TimeFactor;

  const findInstance = (instanceId: string): { group: SimulatedGroup; instance: SimulatedInstance } => {
    const isIt = (candidate: SimulatedInstance): boolean => candidate.instanceId === instanceId;
    // An instance stays in its group, so where it was last is looked at first.
    const known = groupOfInstance.get(instanceId);
    const isThere = known !== undefined && groups.get(known.name) === known;
    for (const group of !isThere ? groups.values() : [known, ...groups.values()]) {
      const instance = group.instances.find(isIt);
      if (instance === undefined) continue;
      groupOfInstance.set(instanceId, group);
      return { group, instance };
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

  const mustNotBeStopProtected = ({ instanceId, ec2 }: SimulatedInstance): void => {
    if (ec2.isStopProtected !== true) return;
    throw new CloudError(
      'OperationNotPermitted',
      `The instance '${instanceId}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
    );
  };

  const isActive = (reservation: SimulatedReservation): boolean => {
    if (reservation.state === 'active' && (reservation.endsAt ?? Number.POSITIVE_INFINITY) <= time.now()) {
      reservation.state = 'expired';
      reservation.availableInstanceCount = 0;
    }
    return reservation.state === 'active';
  };

  /** Type, zone, platform and tenancy all have to match ("On-Demand Capacity Reservations", "Differences"). */
  const matches = (reservation: SimulatedReservation, instance: SimulatedInstance): boolean => {
    const { PlatformDetails, Placement } = describeInstance(
      findInstance(instance.instanceId).group,
      instance,
    );
    return (
      reservation.instanceType === instance.ec2.instanceType &&
      reservation.availabilityZone === instance.availabilityZone &&
      reservation.platform === (reservedAs[PlatformDetails] ?? PlatformDetails) &&
      reservation.tenancy === Placement.Tenancy
    );
  };

  /** An open reservation that matches the instance and has room: a start takes it by itself. */
  const findReservation = (instance: SimulatedInstance): SimulatedReservation | undefined =>
    reservations.find(
      (reservation) =>
        isActive(reservation) && reservation.availableInstanceCount > 0 && matches(reservation, instance),
    );

  /** An open reservation is open to instances that run already, those that stand in no other one. */
  const takeRunning = (reservation: SimulatedReservation): void => {
    if (!quirks.reservationsTakeRunning || reservation.state !== 'active') return;
    const running = [...groups.values()]
      .flatMap(({ instances }) => instances)
      .filter(
        (instance) =>
          instance.ec2.state === 'running' &&
          instance.ec2.reservationId === undefined &&
          matches(reservation, instance),
      )
      .slice(0, reservation.availableInstanceCount);
    for (const { ec2 } of running) ec2.reservationId = reservation.capacityReservationId;
    reservation.availableInstanceCount -= running.length;
  };

  /** Whoever stood in a reservation that is given up runs on, outside of it. */
  const leaveReservation = ({ capacityReservationId }: SimulatedReservation): void => {
    for (const { ec2 } of [...groups.values()].flatMap(({ instances }) => instances)) {
      if (ec2.reservationId === capacityReservationId) delete ec2.reservationId;
    }
  };

  const finishStop = (instance: SimulatedInstance, milliseconds: number): void => {
    setTimeout(() => {
      if (instance.ec2.state === 'stopping') changeEc2(instance.ec2, { state: 'stopped' }, time.now());
    }, milliseconds);
  };

  /** A stuck shutdown stays in `stopping` until it is forced (TroubleshootingInstancesStopping). */
  const stop = (instance: SimulatedInstance, isForced: boolean): void => {
    mustBe(instance, ['running', 'stopping', 'stopped'], 'stopped');
    mustNotBeStopProtected(instance);
    if (instance.ec2.state === 'stopped') return;
    if (instance.ec2.state === 'stopping') {
      if (isForced) finishStop(instance, forcedStopSeconds * 1000);
      return;
    }
    changeEc2(instance.ec2, { state: 'stopping', stateReason: stoppedOnRequest }, time.now());
    const stoodIn = reservations.find(
      ({ capacityReservationId }) => capacityReservationId === instance.ec2.reservationId,
    );
    if (stoodIn !== undefined && isActive(stoodIn)) stoodIn.availableInstanceCount += 1;
    delete instance.ec2.reservationId;
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
    if (reservation !== undefined) {
      reservation.availableInstanceCount -= 1;
      ec2.reservationId = reservation.capacityReservationId;
    }
    const isImpaired = time.random() < quirks.impairedStartRate;
    const isUnlucky = time.random() < quirks.deafStartRate;
    instance.isDeaf = isUnlucky || world.startsDeaf(findInstance(instance.instanceId).group.name);
    changeEc2(ec2, { state: 'pending' }, time.now());
    delete ec2.stateReason;
    setTimeout(() => {
      if (ec2.state !== 'pending') return;
      if (isLacking) {
        changeEc2(ec2, { state: 'stopped', stateReason: lackedCapacity }, time.now());
        return;
      }
      changeEc2(ec2, { state: 'running' }, time.now());
      ec2.startedAt = time.now();
      ec2.checksOkAt = isImpaired ? Number.POSITIVE_INFINITY : time.now() + lasting(checksSeconds);
      restartAgain(instance);
    }, lasting(startSeconds));
  };

  /** Restarts once it has run for a while, and again after each restart, as long as something makes it. */
  const restartAgain = (instance: SimulatedInstance): void => {
    const { ec2 } = instance;
    const { startedAt } = ec2;
    const groupName = [...groups.values()].find(({ instances }) => instances.includes(instance))?.name ?? '';
    const everySeconds = world.restartsEverySeconds(groupName);
    if (everySeconds === undefined) return;
    setTimeout(() => {
      const runsOn = ec2.state === 'running' && ec2.startedAt === startedAt;
      if (runsOn && world.restartsEverySeconds(groupName) !== undefined) restart(instance);
    }, everySeconds * 1000);
  };

  const restart = (instance: SimulatedInstance): void => {
    const { ec2 } = instance;
    instance.isRestarting = true;
    setTimeout(() => {
      instance.isRestarting = false;
    }, restartSeconds * 1000);
    if (ec2.checksOkAt !== Number.POSITIVE_INFINITY) {
      ec2.checksOkAt = time.now() + restartSeconds * 1000 + lasting(checksSeconds);
    }
    restartAgain(instance);
  };

  const typeOf = (instanceType: string) => {
    const known = instanceTypes.get(instanceType);
    if (known === undefined) throw new Error(`The catalogue knows no ${instanceType}`);
    return known;
  };

  /** What an answer says of an instance: what was so a moment ago, another moment each time. */
  const viewOf = ({ ec2 }: SimulatedInstance) =>
    quirks.ec2StaleSeconds === 0
      ? ec2
      : ec2ViewAt(ec2, time.now() - random() * quirks.ec2StaleSeconds * 1000);

  const describeInstance = (group: SimulatedGroup, instance: SimulatedInstance) => {
    const { startedAt, details } = instance.ec2;
    const { state, stateReason, instanceType } = viewOf(instance);
    const type = typeOf(instanceType);
    return {
      InstanceId: instance.instanceId,
      InstanceType: instanceType,
      ImageId: `ami-${group.name}`,
      State: { Name: state },
      ...(stateReason === undefined
        ? {}
        : { StateReason: { Code: stateReason.code, Message: stateReason.message } }),
      Placement: { AvailabilityZone: instance.availabilityZone, Tenancy: 'default', GroupName: '' },
      SubnetId: `subnet-${instance.availabilityZone}`,
      LaunchTime: new Date(startedAt),
      Architecture: type.ProcessorInfo.SupportedArchitectures[0],
      VirtualizationType: 'hvm',
      // Xen for both, as the API says it (API reference, Instance).
      Hypervisor: 'xen',
      RootDeviceType: 'ebs',
      EnaSupport: true,
      EbsOptimized: true,
      PlatformDetails: 'Linux/UNIX',
      CurrentInstanceBootMode: type.SupportedBootModes[0],
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { VolumeId: `vol-${instance.instanceId.slice(2)}` } },
      ],
      NetworkInterfaces: [
        {
          NetworkInterfaceId: `eni-${instance.instanceId.slice(2)}`,
          PrivateIpAddresses: [{ Primary: true }],
          Attachment: { DeviceIndex: 0, NetworkCardIndex: 0 },
        },
      ],
      HibernationOptions: { Configured: false },
      CapacityReservationSpecification: { CapacityReservationPreference: 'open' },
      Tags: [
        ...Object.entries(group.tags).map(([Key, Value]) => ({ Key, Value })),
        { Key: 'aws:autoscaling:groupName', Value: group.name },
      ],
      ...(group.instanceDetails as object),
      ...(details as object),
    };
  };

  const describeReservation = (reservation: SimulatedReservation) => ({
    CapacityReservationId: reservation.capacityReservationId,
    InstanceType: reservation.instanceType,
    AvailabilityZone: reservation.availabilityZone,
    TotalInstanceCount: reservation.totalInstanceCount,
    AvailableInstanceCount: reservation.availableInstanceCount,
    State: reservation.state,
    Tags: Object.entries(reservation.tags).map(([Key, Value]) => ({ Key, Value })),
  });

  const valuesOf = (input: Record<string, unknown>, name: string): string[] | undefined =>
    ((input.Filters ?? []) as { Name: string; Values: string[] }[]).find((filter) => filter.Name === name)
      ?.Values;

  /** Ids that are named must exist; ids in a filter need not (API reference, DescribeInstances). */
  const describedInstances = (input: Record<string, unknown>) => {
    if (input.Filters === undefined) return (input.InstanceIds as string[]).map(findInstance);
    const ids = valuesOf(input, 'instance-id');
    const launchTimes = valuesOf(input, 'launch-time');
    const states = valuesOf(input, 'instance-state-name');
    const isFound = (instance: SimulatedInstance): boolean =>
      (ids?.includes(instance.instanceId) ?? true) &&
      (launchTimes?.some((pattern) => fits(pattern, new Date(instance.ec2.startedAt).toISOString())) ??
        true) &&
      (states?.includes(viewOf(instance).state) ?? true);
    return [...groups.values()].flatMap((group) =>
      group.instances.filter(isFound).map((instance) => ({ group, instance })),
    );
  };

  const fits = (pattern: string, name: string): boolean =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

  const groupOfTemplate = (input: Record<string, unknown>): SimulatedGroup => {
    const group = [...groups.values()].find(
      ({ launchTemplate }) => launchTemplate.launchTemplateId === input.LaunchTemplateId,
    );
    if (group !== undefined) return group;
    throw new CloudError('InvalidLaunchTemplateId.NotFound', 'The specified launch template does not exist.');
  };

  /** What a group launches follows the version it names. */
  const followTemplate = (group: SimulatedGroup): void => {
    const { launchTemplate, launchTemplateVersion = '$Latest' } = group;
    const number = numberOfVersion(launchTemplate, launchTemplateVersion);
    group.instanceType = launchTemplate.versions[number - 1] ?? group.instanceType;
  };

  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    DescribeInstances: (input) => ({
      Reservations: describedInstances(input).map(({ group, instance }) => ({
        Instances: [describeInstance(group, instance)],
      })),
    }),

    /** One attribute a call (API reference). */
    DescribeInstanceAttribute: (input) => {
      const { instance } = findInstance(String(input.InstanceId));
      if (input.Attribute !== 'disableApiStop')
        throw new Error(`The simulated EC2 does not know ${input.Attribute}`);
      return {
        InstanceId: instance.instanceId,
        DisableApiStop: { Value: instance.ec2.isStopProtected === true },
      };
    },

    /** At most 100 types by name; a pattern in a filter finds a family (API reference). */
    DescribeInstanceTypes: (input) => {
      const named = input.InstanceTypes as string[] | undefined;
      const patterns = valuesOf(input, 'instance-type');
      const unknown = named?.find((name) => !instanceTypes.has(name));
      if (unknown !== undefined) {
        throw new CloudError(
          'InvalidInstanceType',
          `The following supplied instance types do not exist: [${unknown}]`,
        );
      }
      return {
        InstanceTypes: [...instanceTypes.values()].filter(
          ({ InstanceType }) =>
            (named?.includes(InstanceType) ?? true) &&
            (patterns?.some((pattern) => fits(pattern, InstanceType)) ?? true),
        ),
      };
    },

    /** Offered says nothing of capacity. */
    DescribeInstanceTypeOfferings: (input) => {
      const types = valuesOf(input, 'instance-type') ?? [];
      const zones = valuesOf(input, 'location') ?? [];
      return {
        InstanceTypeOfferings: types
          .filter((type) => instanceTypes.has(type))
          .flatMap((InstanceType) =>
            zones
              .filter((Location) => world.isOffered(InstanceType, Location))
              .map((Location) => ({ InstanceType, LocationType: 'availability-zone', Location })),
          ),
      };
    },

    DescribeLaunchTemplateVersions: (input) => {
      const { launchTemplate } = groupOfTemplate(input);
      const { versions, defaultVersion } = launchTemplate;
      const [asked] = input.Versions as string[];
      const number = numberOfVersion(launchTemplate, asked ?? '');
      return {
        LaunchTemplateVersions: [
          {
            LaunchTemplateId: launchTemplate.launchTemplateId,
            VersionNumber: number,
            DefaultVersion: number === defaultVersion,
            VersionDescription: descriptions.get(`${launchTemplate.launchTemplateId} ${number}`),
            LaunchTemplateData: { InstanceType: versions[number - 1] },
          },
        ],
      };
    },

    CreateLaunchTemplateVersion: (input) => {
      const group = groupOfTemplate(input);
      const token = String(input.ClientToken);
      // The same token makes no second version (API reference, CreateLaunchTemplateVersion).
      const VersionNumber =
        versionsByToken.get(token) ??
        group.launchTemplate.versions.push(
          (input.LaunchTemplateData as { InstanceType: string }).InstanceType,
        );
      if (input.ClientToken !== undefined) versionsByToken.set(token, VersionNumber);
      descriptions.set(`${input.LaunchTemplateId} ${VersionNumber}`, String(input.VersionDescription));
      followTemplate(group);
      return { LaunchTemplateVersion: { VersionNumber } };
    },

    ModifyLaunchTemplate: (input) => {
      const group = groupOfTemplate(input);
      group.launchTemplate.defaultVersion = Number(input.DefaultVersion);
      followTemplate(group);
      return {};
    },

    /** Running instances only, unless all are asked for (API reference). Checks run every minute. */
    DescribeInstanceStatus: (input) => ({
      InstanceStatuses: instancesOf(input)
        .map((instance) => ({ ...instance, state: viewOf(instance).state }))
        .filter(({ state }) => input.IncludeAllInstances === true || state === 'running')
        .map(({ instanceId, ec2, state }) => {
          const passed = ec2.checksOkAt <= time.now();
          const failed = ec2.checksOkAt === Number.POSITIVE_INFINITY && time.now() - ec2.startedAt > 300_000;
          const Status =
            state !== 'running' ? 'not-applicable' : passed ? 'ok' : failed ? 'impaired' : 'initializing';
          return {
            InstanceId: instanceId,
            InstanceState: { Name: state },
            InstanceStatus: { Status },
            SystemStatus: { Status: state === 'running' ? 'ok' : 'not-applicable' },
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
      const { Value } = input.InstanceType as { Value: string };
      changeEc2(instance.ec2, { instanceType: Value }, time.now());
      return {};
    },

    /**
     * Capacity on demand, held until it is cancelled or its end comes, and paid for until then; the same client token
     * is the same reservation ("On-Demand Capacity Reservations").
     */
    CreateCapacityReservation: (input) => {
      const { InstanceType, AvailabilityZone, InstanceCount, ClientToken, EndDate, InstancePlatform } = input;
      if (!reservablePlatforms.includes(String(InstancePlatform))) {
        throw new CloudError(
          'InvalidParameterValue',
          `Value (${InstancePlatform}) for parameter instancePlatform is invalid.`,
        );
      }
      const same = reservations.find(({ clientToken }) => clientToken === ClientToken);
      if (same !== undefined) return { CapacityReservation: describeReservation(same) };
      if (!world.hasCapacity(String(InstanceType), String(AvailabilityZone))) {
        throw noCapacity(String(InstanceType), String(AvailabilityZone));
      }
      const [specification] = (input.TagSpecifications ?? []) as { Tags: { Key: string; Value: string }[] }[];
      const reservation: SimulatedReservation = {
        capacityReservationId: `cr-${String(reservations.length + 1).padStart(17, '0')}`,
        instanceType: String(InstanceType),
        availabilityZone: String(AvailabilityZone),
        platform: String(InstancePlatform),
        tenancy: String(input.Tenancy ?? 'default'),
        totalInstanceCount: Number(InstanceCount),
        availableInstanceCount: quirks.reservationDelaySeconds > 0 ? 0 : Number(InstanceCount),
        state: quirks.reservationDelaySeconds > 0 ? 'pending' : 'active',
        tags: Object.fromEntries((specification?.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
        clientToken: String(ClientToken),
        ...(EndDate === undefined ? {} : { endsAt: new Date(EndDate as string | Date).getTime() }),
      };
      reservations.push(reservation);
      // Made first, active a little later; running instances take its places as late again.
      const later = quirks.reservationDelaySeconds * 1000;
      if (later === 0) takeRunning(reservation);
      else {
        setTimeout(() => {
          if (reservation.state !== 'pending') return;
          reservation.state = 'active';
          reservation.availableInstanceCount = reservation.totalInstanceCount;
          setTimeout(() => takeRunning(reservation), later);
        }, later);
      }
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
      leaveReservation(found);
      found.availableInstanceCount = 0;
      return { Return: true };
    },

    DescribeCapacityReservations: (input) => {
      const ids = input.CapacityReservationIds as string[] | undefined;
      const unknown = ids?.find((id) => reservations.every((each) => each.capacityReservationId !== id));
      if (unknown !== undefined) {
        throw new CloudError(
          'InvalidCapacityReservationId.NotFound',
          `The capacity reservation ID '${unknown}' does not exist`,
        );
      }
      const tags = ((input.Filters ?? []) as { Name: string; Values: string[] }[]).filter(({ Name }) =>
        Name.startsWith('tag:'),
      );
      return {
        CapacityReservations: reservations
          .filter(
            (reservation) => isActive(reservation) || reservation.state === 'pending' || ids !== undefined,
          )
          .filter(({ capacityReservationId }) => ids?.includes(capacityReservationId) ?? true)
          .filter((reservation) =>
            tags.every(({ Name, Values }) => Values.includes(reservation.tags[Name.slice(4)] ?? '')),
          )
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

  /** Buckets of an account (EC2 developer guide, "Request throttling"): StartInstances has one of its own. */
  const tooMany = ['RequestLimitExceeded', 'Request limit exceeded.', 503] as const;
  const throttleStarts = createThrottle(time, 2, 5, tooMany);
  const throttleChanges = createThrottle(time, 5, 50, tooMany);

  return {
    /** Restarts what runs, from within: nobody calls EC2 for it. */
    restart: (instance: SimulatedInstance): void => {
      if (instance.ec2.state === 'running') restart(instance);
    },
    snapshots,
    reservations,
    handle: (operation: string, input: Record<string, unknown>): object => {
      const answer = operations[operation];
      if (answer === undefined) throw new Error(`The simulated EC2 does not know ${operation} yet`);
      if (operation === 'StartInstances') throttleStarts();
      else if (!/^(Describe|Get)/.test(operation)) throttleChanges();
      // It tells of permission only, and always with an error (API reference, DryRun).
      if (input.DryRun === true) {
        throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
      }
      return answer(input);
    },
  };
};

/** The simulated service. */
export type Ec2Service = ReturnType<typeof createEc2Service>;
