import { isOptedIn, optInTag } from '../auto-scaling-group.ts';
import type { InstanceFacts, InstanceTypeFacts } from './instance-facts.ts';
import { reservationPlatform } from './reservation-platform.ts';

/** The fact behind the verdict of a check. `FOUND`, `WITHIN` stand for what is as it should be. */
export type FindingFacts =
  | { because: 'FOUND'; found: string }
  | { because: 'WITHIN'; used: number; allowed: number }
  | { because: 'UNKNOWN'; what: string }
  | { because: 'UNKNOWN_TYPE'; instanceType: string }
  | { because: 'NOT_OPTED_IN' }
  | { because: 'NOT_RUNNING'; state: string }
  | { because: 'ROOT_IS_NOT_EBS'; found: string | undefined }
  | { because: 'STARTS_NOT_FROM_EBS'; instanceType: string }
  | { because: 'INSTANCE_STORE'; instanceType: string }
  | { because: 'INSTANCE_STORE_LOST' }
  | { because: 'INSTANCE_STORE_APPEARS'; instanceType: string }
  | { because: 'CANNOT_BE_CHANGED'; instanceLifecycle: string }
  | { because: 'NOT_ON_DEMAND'; instanceType: string }
  | { because: 'CAN_HIBERNATE' }
  | { because: 'NOT_SUPPORTED'; found: string; instanceType: string; supported?: string[] }
  | { because: 'NEEDS_ENA'; instanceType: string }
  | { because: 'HAS_TO_BE_OFF'; instanceType: string }
  | { because: 'XEN_TO_NITRO' }
  | {
      because: 'TOO_MANY';
      what: 'interfaces' | 'addresses' | 'IPv6 addresses' | 'slots';
      used: number;
      allowed: number;
      instanceType: string;
    }
  | { because: 'NO_SUCH_NETWORK_CARD'; instanceType: string }
  | { because: 'BOUND_TO_ITS_HOST'; tenancy: string | undefined }
  | { because: 'IN_PLACEMENT_GROUP'; placementGroup: string }
  | { because: 'BANDWIDTH_WEIGHTED'; weighting: string }
  | { because: 'FEWER_THREADS'; threadsPerCore: number }
  | { because: 'STOP_PROTECTED' }
  | { because: 'NOT_RESERVABLE'; platform: string }
  | { because: 'ON_AN_OUTPOST' }
  | { because: 'USES_ENCLAVES'; instanceType: string }
  | { because: 'MANAGED_BY'; managedBy: string }
  | { because: 'NO_PUBLIC_IPV4_AFTER' }
  | { because: 'NOT_OFFERED'; instanceType: string; availabilityZone: string }
  | { because: 'TARGETS_A_RESERVATION' }
  | { because: 'USES_NO_RESERVATION' }
  | { because: 'PUBLIC_IPV4_CHANGES'; address: string }
  | { because: 'MARKETPLACE_PRODUCT'; instanceType: string }
  | { because: 'LOSES_LAUNCH_CREDITS' };

/**
 * What one check of one instance, for one type it may get, came to.
 * - `refuse`: it must not be stopped for this type.
 * - `warn`: it may, and somebody should know.
 * - `pass`: nothing stands against it.
 */
export type Finding = FindingFacts & {
  verdict: 'refuse' | 'warn' | 'pass';
  /** What was checked, in a word or two. */
  check: string;
};

/** That EC2 does not know a type, so that nothing could be checked. */
export const unknownType = (instanceType: string): Finding => ({
  verdict: 'refuse',
  check: 'type',
  because: 'UNKNOWN_TYPE',
  instanceType,
});

/** What the checks of an instance rest on, beside the instance. */
export interface PreflightContext {
  /** The type it has now. */
  present: InstanceTypeFacts;
  /** The type it may get. */
  candidate: InstanceTypeFacts;
  /** Whether the candidate is offered in the instance's zone. */
  isOffered: boolean;
  /** Whether it must not be stopped; `undefined` when that could not be read. */
  isStopProtected: boolean | undefined;
  /** Whether the input says that data on instance store may be lost. */
  allowsInstanceStoreLoss: boolean;
  /** Whether capacity for its start is held in a reservation. */
  reservesCapacity: boolean;
}

type Verdict = FindingFacts & Pick<Finding, 'verdict'>;
type Check = (instance: InstanceFacts, context: PreflightContext) => Verdict;

const pass = (found: string): Verdict => ({ verdict: 'pass', because: 'FOUND', found });
const warn = (facts: FindingFacts): Verdict => ({ verdict: 'warn', ...facts });
const refuse = (facts: FindingFacts): Verdict => ({ verdict: 'refuse', ...facts });
const unknown = (what: string): Verdict => refuse({ because: 'UNKNOWN', what });

/** A fact of the instance that must be in a list of the candidate. */
const among = (
  what: string,
  found: string | undefined,
  supported: string[],
  instanceType: string,
): Verdict => {
  if (found === undefined) return unknown(`the ${what} of the instance`);
  return supported.includes(found)
    ? pass(found)
    : refuse({ because: 'NOT_SUPPORTED', found, instanceType, supported });
};

/** Nitro types share 28 slots between volumes and network interfaces, up to the sixth generation. */
const usedSlots = ({ volumes, networkInterfaces }: InstanceFacts, type: InstanceTypeFacts): number =>
  type.volumesLimitType === 'shared' ? volumes + networkInterfaces.length : volumes;

const usesEnaExpress = ({ networkInterfaces }: InstanceFacts): boolean =>
  networkInterfaces.some((networkInterface) => networkInterface.usesEnaExpress);

/**
 * All that can be known before an instance is stopped for another type, in the order in which it is told.
 * Source: Amazon EC2 User Guide, "Change the instance type", "Compatibility for changing the instance type", "Stop and
 * start"; API reference, DescribeInstances and DescribeInstanceTypes.
 */
const checks: Record<string, Check> = {
  'opt-in tag': (instance) =>
    isOptedIn(instance) ? pass(`${optInTag.key}=${optInTag.value}`) : refuse({ because: 'NOT_OPTED_IN' }),
  state: ({ state }) => (state === 'running' ? pass(state) : refuse({ because: 'NOT_RUNNING', state })),
  'root volume': ({ rootDeviceType }, { candidate }) => {
    if (rootDeviceType !== 'ebs') return refuse({ because: 'ROOT_IS_NOT_EBS', found: rootDeviceType });
    return candidate.rootDeviceTypes.includes('ebs')
      ? pass('ebs')
      : refuse({ because: 'STARTS_NOT_FROM_EBS', instanceType: candidate.instanceType });
  },
  'instance store': (_instance, { present, candidate, allowsInstanceStoreLoss }) => {
    if (present.hasInstanceStore) {
      return allowsInstanceStoreLoss
        ? warn({ because: 'INSTANCE_STORE_LOST' })
        : refuse({ because: 'INSTANCE_STORE', instanceType: present.instanceType });
    }
    return candidate.hasInstanceStore
      ? warn({ because: 'INSTANCE_STORE_APPEARS', instanceType: candidate.instanceType })
      : pass('none');
  },
  purchase: ({ instanceLifecycle }, { candidate }) => {
    if (instanceLifecycle !== undefined) return refuse({ because: 'CANNOT_BE_CHANGED', instanceLifecycle });
    return candidate.usageClasses.includes('on-demand')
      ? pass('on-demand')
      : refuse({ because: 'NOT_ON_DEMAND', instanceType: candidate.instanceType });
  },
  hibernation: ({ isHibernationConfigured }) =>
    isHibernationConfigured ? refuse({ because: 'CAN_HIBERNATE' }) : pass('not configured'),
  architecture: ({ architecture }, { candidate }) =>
    among('architecture', architecture, candidate.architectures, candidate.instanceType),
  virtualization: ({ virtualizationType }, { candidate }) =>
    among('virtualization type', virtualizationType, candidate.virtualizationTypes, candidate.instanceType),
  // An image that prefers UEFI starts either way; without a word of how it booted the architecture has a default.
  'boot mode': ({ bootMode, imageBootMode, architecture }, { candidate }) => {
    const modes = candidate.bootModes;
    if (imageBootMode === 'uefi-preferred' && modes.length > 0) return pass('uefi-preferred');
    const byArchitecture = architecture === 'arm64' ? 'uefi' : 'legacy-bios';
    return among('boot mode', bootMode ?? byArchitecture, modes, candidate.instanceType);
  },
  'enhanced networking': (instance, { candidate }) => {
    if (candidate.enaSupport !== 'required') return pass(candidate.enaSupport ?? 'not required');
    return instance.enaSupport === true
      ? pass('the instance supports ENA')
      : refuse({ because: 'NEEDS_ENA', instanceType: candidate.instanceType });
  },
  'ENA Express': (instance, { candidate }) => {
    if (!usesEnaExpress(instance)) return pass('off');
    return candidate.enaExpressSupported
      ? pass('on, and supported')
      : refuse({ because: 'HAS_TO_BE_OFF', instanceType: candidate.instanceType });
  },
  NVMe: (_instance, { present, candidate }) => {
    if (present.hypervisor === undefined || candidate.hypervisor === undefined) {
      return unknown('which hypervisor the types run on');
    }
    return present.hypervisor === 'xen' && candidate.hypervisor === 'nitro'
      ? warn({ because: 'XEN_TO_NITRO' })
      : pass(`${present.hypervisor} to ${candidate.hypervisor}`);
  },
  'network interfaces': ({ networkInterfaces }, { candidate }) => {
    const { instanceType } = candidate;
    const attached = networkInterfaces.length;
    const limits = [
      ['interfaces', attached, candidate.networkInterfacesMax],
      [
        'addresses',
        Math.max(0, ...networkInterfaces.map(({ addresses }) => addresses)),
        candidate.ipv4AddressesPerInterface,
      ],
      [
        'IPv6 addresses',
        Math.max(0, ...networkInterfaces.map(({ ipv6Addresses }) => ipv6Addresses)),
        candidate.ipv6AddressesPerInterface,
      ],
    ] as const;
    for (const [what, used, allowed] of limits) {
      if (used > allowed) return refuse({ because: 'TOO_MANY', what, used, allowed, instanceType });
    }
    return networkInterfaces.some(({ networkCardIndex }) => networkCardIndex >= candidate.networkCards)
      ? refuse({ because: 'NO_SUCH_NETWORK_CARD', instanceType })
      : { verdict: 'pass', because: 'WITHIN', used: attached, allowed: candidate.networkInterfacesMax };
  },
  volumes: (instance, { candidate }) => {
    const { instanceType, volumesMax: allowed } = candidate;
    if (allowed === undefined) return unknown(`how many volumes ${instanceType} takes`);
    const used = usedSlots(instance, candidate);
    return used > allowed
      ? refuse({ because: 'TOO_MANY', what: 'slots', used, allowed, instanceType })
      : { verdict: 'pass', because: 'WITHIN', used, allowed };
  },
  'EBS optimization': ({ ebsOptimized }, { candidate }) =>
    ebsOptimized === true && candidate.ebsOptimized === 'unsupported'
      ? refuse({ because: 'HAS_TO_BE_OFF', instanceType: candidate.instanceType })
      : pass(candidate.ebsOptimized ?? 'not asked for'),
  tenancy: ({ tenancy }) =>
    tenancy === 'default' ? pass('default') : refuse({ because: 'BOUND_TO_ITS_HOST', tenancy }),
  'placement group': ({ placementGroup }) =>
    placementGroup === undefined ? pass('none') : refuse({ because: 'IN_PLACEMENT_GROUP', placementGroup }),
  bandwidth: ({ bandwidthWeighting: weighting = 'default' }) =>
    weighting === 'default' ? pass('default') : refuse({ because: 'BANDWIDTH_WEIGHTED', weighting }),
  NitroTPM: ({ tpmSupport }, { candidate }) =>
    tpmSupport !== undefined && candidate.nitroTpm !== 'supported'
      ? refuse({ because: 'NOT_SUPPORTED', found: tpmSupport, instanceType: candidate.instanceType })
      : pass(tpmSupport ?? 'not used'),
  'CPU options': ({ threadsPerCore }, { present }) =>
    threadsPerCore !== undefined &&
    present.threadsPerCore !== undefined &&
    threadsPerCore < present.threadsPerCore
      ? warn({ because: 'FEWER_THREADS', threadsPerCore })
      : pass('as the type has them'),
  'stop protection': (_instance, { isStopProtected }) => {
    if (isStopProtected === undefined) return unknown('whether it may be stopped');
    return isStopProtected ? refuse({ because: 'STOP_PROTECTED' }) : pass('off');
  },
  operator: ({ managedBy }) =>
    managedBy === undefined ? pass('none') : refuse({ because: 'MANAGED_BY', managedBy }),
  Outpost: ({ outpostArn }) =>
    outpostArn === undefined ? pass('none') : refuse({ because: 'ON_AN_OUTPOST' }),
  'Nitro Enclaves': ({ usesEnclaves }, { candidate }) => {
    if (usesEnclaves !== true) return pass('off');
    return candidate.supportsEnclaves
      ? pass('on, and supported')
      : refuse({ because: 'USES_ENCLAVES', instanceType: candidate.instanceType });
  },
  platform: (instance, { reservesCapacity }) => {
    const { platformDetails, usageOperation } = instance;
    const named = platformDetails ?? usageOperation;
    const reservedAs = reservationPlatform(instance);
    if (reservedAs !== undefined || !reservesCapacity) return pass(reservedAs ?? named ?? 'not asked for');
    return named === undefined
      ? unknown('the platform of the instance')
      : refuse({ because: 'NOT_RESERVABLE', platform: named });
  },
  'offered in its zone': ({ availabilityZone }, { candidate, isOffered }) =>
    isOffered
      ? pass(availabilityZone)
      : refuse({ because: 'NOT_OFFERED', instanceType: candidate.instanceType, availabilityZone }),
  'capacity reservation': ({ targetsReservation, usesOpenReservations }, { reservesCapacity }) => {
    if (targetsReservation) return refuse({ because: 'TARGETS_A_RESERVATION' });
    return reservesCapacity && !usesOpenReservations
      ? refuse({ because: 'USES_NO_RESERVATION' })
      : pass('none targeted');
  },
  // With a second network interface EC2 gives no new public address at the start.
  'public IPv4': ({ changingPublicIpv4: address, networkInterfaces }) => {
    if (address === undefined) return pass('none that changes');
    return networkInterfaces.length > 1
      ? refuse({ because: 'NO_PUBLIC_IPV4_AFTER' })
      : warn({ because: 'PUBLIC_IPV4_CHANGES', address });
  },
  'product code': ({ hasMarketplaceProduct }, { candidate }) =>
    hasMarketplaceProduct
      ? warn({ because: 'MARKETPLACE_PRODUCT', instanceType: candidate.instanceType })
      : pass('none'),
  credits: (_instance, { candidate }) =>
    candidate.instanceType.startsWith('t') ? warn({ because: 'LOSES_LAUNCH_CREDITS' }) : pass('none'),
};

/** Everything that was checked of one instance for one type. Pure: the same facts give the same findings. */
export const checkInstance = (instance: InstanceFacts, context: PreflightContext): Finding[] =>
  Object.entries(checks).map(([check, look]) => ({ check, ...look(instance, context) }));

/** Whether nothing stands against a type. */
export const isFit = (findings: Finding[]): boolean => findings.every(({ verdict }) => verdict !== 'refuse');
