/**
 * An EC2 instance, as far as changing its type depends on it: `DescribeInstances`, reduced. A field is absent when AWS
 * did not say it, and then nothing that depends on it may be done.
 */
export interface InstanceFacts {
  instanceId: string;
  instanceType: string;
  availabilityZone: string;
  /** `running`, `stopped`, …: an open list. */
  state: string;
  /** Why it is in its state, when EC2 put it there: AWS's code. */
  stateReason?: string;
  tags: Record<string, string>;
  architecture?: string;
  virtualizationType?: string;
  rootDeviceType?: string;
  /** How it booted; and what its image asks for, where it asks. */
  bootMode?: string;
  imageBootMode?: string;
  /** Set when it runs on an Outpost. */
  outpostArn?: string;
  /** Whether Nitro Enclaves is on. */
  usesEnclaves?: boolean;
  /** Set when another service of AWS manages it: who. */
  managedBy?: string;
  enaSupport?: boolean;
  ebsOptimized?: boolean;
  /** `spot`, `scheduled`, `capacity-block`; absent when On-Demand. */
  instanceLifecycle?: string;
  isHibernationConfigured: boolean;
  /** What it is billed as, by code (`RunInstances:0010`) and by name (`Red Hat Enterprise Linux`). */
  usageOperation?: string;
  platformDetails?: string;
  tenancy?: string;
  placementGroup?: string;
  bandwidthWeighting?: string;
  tpmSupport?: string;
  /** Threads per core, as the instance has them; one means that multithreading may have been turned off. */
  threadsPerCore?: number;
  volumes: number;
  networkInterfaces: {
    addresses: number;
    ipv6Addresses: number;
    usesEnaExpress: boolean;
    networkCardIndex: number;
  }[];
  /** Whether it runs in, or asks for, one particular capacity reservation. */
  targetsReservation: boolean;
  /** Whether it starts in an open capacity reservation that fits. */
  usesOpenReservations: boolean;
  /** A public IPv4 address that is not an Elastic IP, and changes with a stop. */
  changingPublicIpv4?: string;
  hasMarketplaceProduct: boolean;
}

/** An instance type, as far as changing to it or from it depends on it: `DescribeInstanceTypes`, reduced. */
export interface InstanceTypeFacts {
  instanceType: string;
  /** `nitro` or `xen`: the only place that tells them apart. */
  hypervisor?: string;
  architectures: string[];
  virtualizationTypes: string[];
  rootDeviceTypes: string[];
  usageClasses: string[];
  bootModes: string[];
  hasInstanceStore: boolean;
  supportsEnclaves: boolean;
  nitroTpm?: string;
  ebsOptimized?: string;
  volumesMax?: number;
  /** `shared`: network interfaces take of the same slots as volumes. */
  volumesLimitType?: string;
  networkInterfacesMax: number;
  ipv4AddressesPerInterface: number;
  ipv6AddressesPerInterface: number;
  networkCards: number;
  enaSupport?: string;
  enaExpressSupported: boolean;
  threadsPerCore?: number;
  vCpus: number;
  memoryMiB: number;
}

/** The family of a type, generation and architecture included: `m7i` of `m7i.large`. */
export const familyOf = (instanceType: string): string => instanceType.split('.')[0] ?? instanceType;

/**
 * The next size of the same family: the least that has more virtual CPUs, or with as many, more memory. Metal sizes
 * are machines of their own and never chosen.
 *
 * @param family all types of the family
 * @returns `undefined` when there is no larger one, or the type is not among them
 */
export const nextLargerType = (
  instanceType: string,
  family: InstanceTypeFacts[],
): InstanceTypeFacts | undefined => {
  const present = family.find((type) => type.instanceType === instanceType);
  if (present === undefined) return undefined;
  const isLarger = ({ vCpus, memoryMiB }: InstanceTypeFacts): boolean =>
    vCpus > present.vCpus || (vCpus === present.vCpus && memoryMiB > present.memoryMiB);
  return family
    .filter((type) => isLarger(type) && !type.instanceType.includes('metal'))
    .sort((a, b) => a.vCpus - b.vCpus || a.memoryMiB - b.memoryMiB)[0];
};
