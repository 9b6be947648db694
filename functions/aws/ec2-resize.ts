import {
  type _InstanceType,
  CancelCapacityReservationCommand,
  type CapacityReservation,
  CreateCapacityReservationCommand,
  type CreateCapacityReservationCommandInput,
  CreateLaunchTemplateVersionCommand,
  DescribeCapacityReservationsCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type DescribeInstanceTypesCommandInput,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  type Instance,
  type InstanceTypeInfo,
  ModifyInstanceAttributeCommand,
  ModifyLaunchTemplateCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CallOf } from '../domain/calls.ts';
import { chunk } from '../domain/chunk.ts';
import type { InstanceFacts, InstanceTypeFacts } from '../domain/resize/instance-facts.ts';
import type { TemplateVersion } from '../domain/resize/plan-template-update.ts';
import { type ResizeCall, reservationTag } from '../domain/resize/resize-calls.ts';
import { toDate } from '../domain/times.ts';
import { createSnapshots } from './create-snapshots.ts';

/** Amazon EC2, as far as resizing uses it. */
export interface Ec2Resize {
  /** The instances of these ids; one EC2 does not know is left out. One call per 100 ids. */
  describeInstances(instanceIds: string[]): Promise<InstanceFacts[]>;
  /** Ids, of these running instances, whose status checks have all passed. One call per 100 ids. */
  describePassedChecks(instanceIds: string[]): Promise<Set<string>>;
  /** Whether the instance is protected from being stopped. One call. */
  isStopProtected(instanceId: string): Promise<boolean>;
  /** The types of these names; one EC2 does not know is left out. */
  describeInstanceTypes(instanceTypes: string[]): Promise<InstanceTypeFacts[]>;
  /** All types of a family, such as `m7i`. */
  describeFamily(family: string): Promise<InstanceTypeFacts[]>;
  /** Which of these types are offered in which of these zones: `m7i.xlarge us-east-1a`. */
  describeOfferings(instanceTypes: string[], availabilityZones: string[]): Promise<Set<string>>;
  /** The type, number and description of a version of a launch template. One call. */
  describeLaunchTemplate(launchTemplateId: string, version: string): Promise<TemplateVersion | undefined>;
  /** Makes a planned reservation, or finds the one of its token. */
  reserve(call: CallOf<'CreateCapacityReservation'>): Promise<HeldCapacity>;
  /** Reservations that are held, by id or by the token they were tagged with. */
  describeReservation(by: { id: string } | { clientToken: string }): Promise<HeldCapacity | undefined>;
  /** Makes a planned version of a launch template. Returns its number. */
  createLaunchTemplateVersion(call: CallOf<'CreateLaunchTemplateVersion'>): Promise<number>;
  /** Makes a planned snapshot of all volumes of an instance. Returns the ids. */
  createSnapshots(call: CallOf<'CreateSnapshots'>): Promise<string[]>;
  /**
   * Makes one planned call that changes an instance, a reservation or a template.
   * Throws what the SDK throws.
   */
  make(call: ResizeCall): Promise<void>;
}

/** Capacity that is held. */
export interface HeldCapacity {
  capacityReservationId: string;
  availableInstanceCount: number;
  /** Whether it is being made still: what it holds is not known yet. */
  isPending: boolean;
}

/** Ids and values that one describing call takes (API reference: filters take up to 200 values). */
const idsPerCall = 100;

const toInstanceFacts = (instance: Instance): InstanceFacts => {
  const publicAddress = (instance.NetworkInterfaces ?? []).find(
    ({ Association }) => Association?.IpOwnerId === 'amazon',
  )?.Association?.PublicIp;
  const reservation = instance.CapacityReservationSpecification;
  const facts: Record<string, unknown> = {
    stateReason: instance.StateReason?.Code,
    architecture: instance.Architecture,
    virtualizationType: instance.VirtualizationType,
    rootDeviceType: instance.RootDeviceType,
    bootMode: instance.CurrentInstanceBootMode,
    imageBootMode: instance.BootMode,
    outpostArn: instance.OutpostArn,
    usesEnclaves: instance.EnclaveOptions?.Enabled,
    managedBy: instance.Operator?.Managed === true ? (instance.Operator.Principal ?? 'AWS') : undefined,
    enaSupport: instance.EnaSupport,
    ebsOptimized: instance.EbsOptimized,
    instanceLifecycle: instance.InstanceLifecycle,
    usageOperation: instance.UsageOperation,
    platformDetails: instance.PlatformDetails,
    tenancy: instance.Placement?.Tenancy,
    // EC2 says '' where there is none.
    placementGroup: instance.Placement?.GroupName || undefined,
    bandwidthWeighting: instance.NetworkPerformanceOptions?.BandwidthWeighting,
    tpmSupport: instance.TpmSupport,
    threadsPerCore: instance.CpuOptions?.ThreadsPerCore,
    changingPublicIpv4: publicAddress,
  };
  return {
    instanceId: instance.InstanceId ?? '',
    instanceType: instance.InstanceType ?? '',
    availabilityZone: instance.Placement?.AvailabilityZone ?? '',
    state: instance.State?.Name ?? '',
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    isHibernationConfigured: instance.HibernationOptions?.Configured === true,
    volumes: (instance.BlockDeviceMappings ?? []).length,
    networkInterfaces: (instance.NetworkInterfaces ?? []).map((networkInterface) => ({
      addresses: (networkInterface.PrivateIpAddresses ?? []).length,
      ipv6Addresses: (networkInterface.Ipv6Addresses ?? []).length,
      usesEnaExpress: networkInterface.Attachment?.EnaSrdSpecification?.EnaSrdEnabled === true,
      networkCardIndex: networkInterface.Attachment?.NetworkCardIndex ?? 0,
    })),
    targetsReservation:
      reservation?.CapacityReservationTarget !== undefined ||
      reservation?.CapacityReservationPreference === 'capacity-reservations-only',
    usesOpenReservations: reservation?.CapacityReservationPreference !== 'none',
    hasMarketplaceProduct: (instance.ProductCodes ?? []).some(
      ({ ProductCodeType }) => ProductCodeType === 'marketplace',
    ),
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
  };
};

const toTypeFacts = (type: InstanceTypeInfo): InstanceTypeFacts => {
  const facts: Record<string, unknown> = {
    hypervisor: type.Hypervisor,
    nitroTpm: type.NitroTpmSupport,
    ebsOptimized: type.EbsInfo?.EbsOptimizedSupport,
    volumesMax: type.EbsInfo?.MaximumEbsAttachments,
    volumesLimitType: type.EbsInfo?.AttachmentLimitType,
    enaSupport: type.NetworkInfo?.EnaSupport,
    threadsPerCore: type.VCpuInfo?.DefaultThreadsPerCore,
  };
  return {
    instanceType: type.InstanceType ?? '',
    architectures: type.ProcessorInfo?.SupportedArchitectures ?? [],
    virtualizationTypes: type.SupportedVirtualizationTypes ?? [],
    rootDeviceTypes: type.SupportedRootDeviceTypes ?? [],
    usageClasses: type.SupportedUsageClasses ?? [],
    bootModes: type.SupportedBootModes ?? [],
    hasInstanceStore: type.InstanceStorageSupported === true,
    supportsEnclaves: type.NitroEnclavesSupport === 'supported',
    networkInterfacesMax: type.NetworkInfo?.MaximumNetworkInterfaces ?? 0,
    ipv4AddressesPerInterface: type.NetworkInfo?.Ipv4AddressesPerInterface ?? 0,
    ipv6AddressesPerInterface: type.NetworkInfo?.Ipv6AddressesPerInterface ?? 0,
    networkCards: type.NetworkInfo?.MaximumNetworkCards ?? 1,
    enaExpressSupported: type.NetworkInfo?.EnaSrdSupported === true,
    vCpus: type.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMiB: type.MemoryInfo?.SizeInMiB ?? 0,
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
  };
};

/** The input of a planned reservation as the SDK takes it. */
export const toReservationInput = ({
  EndDate,
  ...input
}: CallOf<'CreateCapacityReservation'>['input']): CreateCapacityReservationCommandInput => ({
  ...input,
  EndDate: toDate(EndDate),
});

const toHeldCapacity = (reservation: CapacityReservation | undefined): HeldCapacity => ({
  capacityReservationId: reservation?.CapacityReservationId ?? '',
  availableInstanceCount: reservation?.AvailableInstanceCount ?? 0,
  isPending: reservation?.State === 'pending',
});

/**
 * There may be two, three or four summaries; System and Instance must be ok, and the others ok or not there
 * (EC2 User Guide, "Status checks").
 */
const isOkOrAbsent = (status: string | undefined): boolean =>
  status === undefined || status === 'ok' || status === 'not-applicable';

/** Wraps a client, which may be gated, in the operations that resizing makes. */
export const createEc2Resize = (client: EC2Client): Ec2Resize => {
  const describeTypes = async (input: DescribeInstanceTypesCommandInput): Promise<InstanceTypeFacts[]> => {
    const types: InstanceTypeFacts[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeInstanceTypesCommand({
          ...input,
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
      );
      types.push(...(page.InstanceTypes ?? []).map(toTypeFacts));
      nextToken = page.NextToken;
    } while (nextToken !== undefined);
    return types;
  };

  return {
    describeInstances: async (instanceIds) => {
      const instances: InstanceFacts[] = [];
      for (const Values of chunk(instanceIds, idsPerCall)) {
        // A filter, because one id that EC2 does not know would fail the whole call.
        let nextToken: string | undefined;
        do {
          const page = await client.send(
            new DescribeInstancesCommand({
              Filters: [{ Name: 'instance-id', Values }],
              ...(nextToken === undefined ? {} : { NextToken: nextToken }),
            }),
          );
          for (const { Instances } of page.Reservations ?? []) {
            instances.push(...(Instances ?? []).map(toInstanceFacts));
          }
          nextToken = page.NextToken;
        } while (nextToken !== undefined);
      }
      return instances;
    },

    describePassedChecks: async (instanceIds) => {
      const passed = new Set<string>();
      for (const InstanceIds of chunk(instanceIds, idsPerCall)) {
        const { InstanceStatuses } = await client.send(new DescribeInstanceStatusCommand({ InstanceIds }));
        for (const status of InstanceStatuses ?? []) {
          const others = [
            status.AttachedEbsStatus?.Status,
            (status as { ApplicationStatus?: { Status?: string } }).ApplicationStatus?.Status,
          ];
          const hasPassed =
            status.InstanceStatus?.Status === 'ok' &&
            status.SystemStatus?.Status === 'ok' &&
            others.every(isOkOrAbsent);
          if (hasPassed) passed.add(status.InstanceId ?? '');
        }
      }
      return passed;
    },

    isStopProtected: async (InstanceId) => {
      const { DisableApiStop } = await client.send(
        new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'disableApiStop' }),
      );
      return DisableApiStop?.Value !== false;
    },

    describeInstanceTypes: (instanceTypes) =>
      describeTypes({ Filters: [{ Name: 'instance-type', Values: instanceTypes }] }),

    describeFamily: (family) =>
      describeTypes({ Filters: [{ Name: 'instance-type', Values: [`${family}.*`] }] }),

    describeOfferings: async (instanceTypes, availabilityZones) => {
      const offered = new Set<string>();
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new DescribeInstanceTypeOfferingsCommand({
            LocationType: 'availability-zone',
            Filters: [
              { Name: 'instance-type', Values: instanceTypes },
              { Name: 'location', Values: availabilityZones },
            ],
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        );
        for (const { InstanceType, Location } of page.InstanceTypeOfferings ?? []) {
          offered.add(`${InstanceType} ${Location}`);
        }
        nextToken = page.NextToken;
      } while (nextToken !== undefined);
      return offered;
    },

    describeLaunchTemplate: async (LaunchTemplateId, version) => {
      const { LaunchTemplateVersions } = await client.send(
        new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: [version] }),
      );
      const found = LaunchTemplateVersions?.at(0);
      if (found === undefined) return undefined;
      const instanceType = found.LaunchTemplateData?.InstanceType;
      return {
        versionNumber: found.VersionNumber ?? 0,
        ...(instanceType === undefined ? {} : { instanceType }),
        ...(found.VersionDescription === undefined ? {} : { description: found.VersionDescription }),
      };
    },

    reserve: async ({ input }) => {
      const { CapacityReservation: made } = await client.send(
        new CreateCapacityReservationCommand(toReservationInput(input)),
      );
      return toHeldCapacity(made);
    },

    describeReservation: async (by) => {
      const { CapacityReservations } = await client.send(
        new DescribeCapacityReservationsCommand(
          'id' in by
            ? { CapacityReservationIds: [by.id] }
            : { Filters: [{ Name: `tag:${reservationTag}`, Values: [by.clientToken] }] },
        ),
      );
      const held = (CapacityReservations ?? []).find(
        ({ State }) => State === 'active' || State === 'pending',
      );
      return held === undefined ? undefined : toHeldCapacity(held);
    },

    createLaunchTemplateVersion: async ({ input }) => {
      const InstanceType = input.LaunchTemplateData.InstanceType as _InstanceType;
      const { LaunchTemplateVersion } = await client.send(
        new CreateLaunchTemplateVersionCommand({ ...input, LaunchTemplateData: { InstanceType } }),
      );
      return LaunchTemplateVersion?.VersionNumber ?? 0;
    },

    createSnapshots: (call) => createSnapshots(client, call),

    make: async (call) => {
      switch (call.operation) {
        case 'StopInstances':
          await client.send(new StopInstancesCommand(call.input));
          return;
        case 'StartInstances':
          await client.send(new StartInstancesCommand(call.input));
          return;
        case 'ModifyInstanceAttribute':
          await client.send(new ModifyInstanceAttributeCommand(call.input));
          return;
        case 'CancelCapacityReservation':
          await client.send(new CancelCapacityReservationCommand(call.input));
          return;
        case 'ModifyLaunchTemplate':
          await client.send(new ModifyLaunchTemplateCommand(call.input));
          return;
      }
    },
  };
};
