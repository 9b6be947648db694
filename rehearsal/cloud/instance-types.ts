/**
 * A catalogue of the common families of Amazon EC2, as `DescribeInstanceTypes` tells them.
 * Numbers from the Amazon EC2 instance types guide ("General purpose", "Compute optimized", "Memory optimized":
 * specifications, network interfaces and IPv4 addresses, volume limits); m4 and c4 run on Xen, everything else on Nitro.
 */
export interface SimulatedInstanceType {
  InstanceType: string;
  Hypervisor: 'nitro' | 'xen';
  ProcessorInfo: { SupportedArchitectures: string[] };
  SupportedVirtualizationTypes: string[];
  SupportedRootDeviceTypes: string[];
  SupportedUsageClasses: string[];
  SupportedBootModes: string[];
  HibernationSupported: boolean;
  InstanceStorageSupported: boolean;
  NitroTpmSupport: 'supported' | 'unsupported';
  EbsInfo: {
    EbsOptimizedSupport: 'default' | 'supported' | 'unsupported';
    NvmeSupport: 'required' | 'unsupported';
    MaximumEbsAttachments: number;
    AttachmentLimitType: 'shared' | 'dedicated';
  };
  NetworkInfo: {
    MaximumNetworkInterfaces: number;
    Ipv4AddressesPerInterface: number;
    Ipv6AddressesPerInterface: number;
    EnaSupport: 'required' | 'supported' | 'unsupported';
    EnaSrdSupported: boolean;
  };
  VCpuInfo: { DefaultVCpus: number; DefaultThreadsPerCore: number };
  MemoryInfo: { SizeInMiB: number };
}

/** Sizes, their virtual CPUs, network interfaces and addresses of each. */
const sizes: Record<string, { vCpus: number; interfaces: number; addresses: number }> = {
  large: { vCpus: 2, interfaces: 3, addresses: 10 },
  xlarge: { vCpus: 4, interfaces: 4, addresses: 15 },
  '2xlarge': { vCpus: 8, interfaces: 4, addresses: 15 },
  '4xlarge': { vCpus: 16, interfaces: 8, addresses: 30 },
  '8xlarge': { vCpus: 32, interfaces: 8, addresses: 30 },
};

interface Family {
  name: string;
  gibPerVCpu: number;
  architecture: 'x86_64' | 'arm64';
  isXen?: boolean;
  hasInstanceStore?: boolean;
  /** Volumes only, from the seventh generation on; before, network interfaces share the slots. */
  volumesOnly?: number;
  hasNitroTpm?: boolean;
  bootModes: string[];
  sizes: string[];
}

const upTo8: string[] = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge'];
const bothModes = ['legacy-bios', 'uefi'];

const families: Family[] = [
  {
    name: 'm4',
    gibPerVCpu: 4,
    architecture: 'x86_64',
    isXen: true,
    bootModes: ['legacy-bios'],
    sizes: upTo8.slice(0, 4),
  },
  {
    name: 'm5',
    gibPerVCpu: 4,
    architecture: 'x86_64',
    bootModes: bothModes,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  {
    name: 'm5d',
    gibPerVCpu: 4,
    architecture: 'x86_64',
    bootModes: bothModes,
    hasInstanceStore: true,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  {
    name: 'm6i',
    gibPerVCpu: 4,
    architecture: 'x86_64',
    bootModes: bothModes,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  {
    name: 'm7i',
    gibPerVCpu: 4,
    architecture: 'x86_64',
    bootModes: bothModes,
    volumesOnly: 32,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  { name: 'm7g', gibPerVCpu: 4, architecture: 'arm64', bootModes: ['uefi'], volumesOnly: 32, sizes: upTo8 },
  {
    name: 'c5',
    gibPerVCpu: 2,
    architecture: 'x86_64',
    bootModes: bothModes,
    hasNitroTpm: true,
    sizes: ['large', 'xlarge', '2xlarge', '4xlarge'],
  },
  {
    name: 'c7i',
    gibPerVCpu: 2,
    architecture: 'x86_64',
    bootModes: bothModes,
    volumesOnly: 32,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  {
    name: 'r5',
    gibPerVCpu: 8,
    architecture: 'x86_64',
    bootModes: bothModes,
    hasNitroTpm: true,
    sizes: upTo8,
  },
  {
    name: 'r7i',
    gibPerVCpu: 8,
    architecture: 'x86_64',
    bootModes: bothModes,
    volumesOnly: 32,
    hasNitroTpm: true,
    sizes: upTo8,
  },
];

const toType = (family: Family, size: string): SimulatedInstanceType => {
  const { vCpus, interfaces, addresses } = sizes[size] ?? { vCpus: 0, interfaces: 0, addresses: 0 };
  const isXen = family.isXen === true;
  return {
    InstanceType: `${family.name}.${size}`,
    Hypervisor: isXen ? 'xen' : 'nitro',
    ProcessorInfo: { SupportedArchitectures: [family.architecture] },
    SupportedVirtualizationTypes: ['hvm'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedBootModes: family.bootModes,
    HibernationSupported: family.architecture === 'x86_64',
    InstanceStorageSupported: family.hasInstanceStore === true,
    NitroTpmSupport: family.hasNitroTpm === true ? 'supported' : 'unsupported',
    EbsInfo: {
      EbsOptimizedSupport: 'default',
      NvmeSupport: isXen ? 'unsupported' : 'required',
      // m4 takes 40 by recommendation; Nitro types before the seventh generation share 28 slots.
      MaximumEbsAttachments: family.volumesOnly ?? (isXen ? 40 : 28),
      AttachmentLimitType: family.volumesOnly === undefined && !isXen ? 'shared' : 'dedicated',
    },
    NetworkInfo: {
      // Of all families here only m4.large has two.
      MaximumNetworkInterfaces: isXen && size === 'large' ? 2 : interfaces,
      Ipv4AddressesPerInterface: addresses,
      Ipv6AddressesPerInterface: addresses,
      EnaSupport: isXen ? 'unsupported' : 'required',
      EnaSrdSupported: vCpus >= 32 && family.volumesOnly !== undefined,
    },
    // Graviton's virtual CPUs are cores of their own.
    VCpuInfo: { DefaultVCpus: vCpus, DefaultThreadsPerCore: family.architecture === 'arm64' ? 1 : 2 },
    MemoryInfo: { SizeInMiB: vCpus * family.gibPerVCpu * 1024 },
  };
};

/** The burstable family has sizes and limits of its own. */
const t3: [size: string, vCpus: number, gib: number, interfaces: number, addresses: number][] = [
  ['micro', 2, 1, 2, 2],
  ['small', 2, 2, 3, 4],
  ['medium', 2, 4, 3, 6],
  ['large', 2, 8, 3, 12],
  ['xlarge', 4, 16, 4, 15],
  ['2xlarge', 8, 32, 4, 15],
];
const burstable: Family = {
  name: 't3',
  gibPerVCpu: 4,
  architecture: 'x86_64',
  bootModes: bothModes,
  hasNitroTpm: true,
  sizes: [],
};

/** Every type the simulated account knows, by name. */
export const instanceTypes: ReadonlyMap<string, SimulatedInstanceType> = new Map(
  [
    ...families.flatMap((family) => family.sizes.map((size) => toType(family, size))),
    ...t3.map(([size, vCpus, gib, interfaces, addresses]): SimulatedInstanceType => {
      const like = toType(burstable, 'large');
      return {
        ...like,
        InstanceType: `t3.${size}`,
        NetworkInfo: {
          ...like.NetworkInfo,
          MaximumNetworkInterfaces: interfaces,
          Ipv4AddressesPerInterface: addresses,
          Ipv6AddressesPerInterface: addresses,
        },
        VCpuInfo: { DefaultVCpus: vCpus, DefaultThreadsPerCore: 2 },
        MemoryInfo: { SizeInMiB: gib * 1024 },
      };
    }),
  ].map((type) => [type.InstanceType, type]),
);

/** Virtual CPUs of a type, 2 where the catalogue knows none of the name. */
export const vCpusOf = (instanceType: string): number =>
  instanceTypes.get(instanceType)?.VCpuInfo.DefaultVCpus ?? 2;
