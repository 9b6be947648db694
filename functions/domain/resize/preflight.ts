import { isOptedIn, optInTag } from '../auto-scaling-group.ts';
import type { InstanceFacts, InstanceTypeFacts } from './instance-facts.ts';

/**
 * What one check of one instance, for one type it may get, came to.
 * - `refuse`: it must not be stopped for this type.
 * - `warn`: it may, and somebody should know.
 * - `pass`: nothing stands against it.
 */
export interface Finding {
  verdict: 'refuse' | 'warn' | 'pass';
  /** What was checked, in a word or two. */
  check: string;
  /** The fact behind the verdict, and for a refusal the remedy. */
  fact: string;
}

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

type Verdict = [verdict: Finding['verdict'], fact: string];
type Check = (instance: InstanceFacts, context: PreflightContext) => Verdict;

const pass = (fact: string): Verdict => ['pass', fact];
const warn = (fact: string): Verdict => ['warn', fact];
const refuse = (fact: string): Verdict => ['refuse', fact];
const unknown = (what: string): Verdict => refuse(`AWS does not say ${what}, so it is not touched`);

/** A fact of the instance that must be in a list of the candidate. */
const among = (what: string, value: string | undefined, supported: string[], type: string): Verdict => {
  if (value === undefined) return unknown(`the ${what} of the instance`);
  return supported.includes(value)
    ? pass(value)
    : refuse(`${value}, and ${type} supports ${supported.join(', ') || 'none'}: choose another type`);
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
    isOptedIn(instance)
      ? pass(`${optInTag.key}=${optInTag.value}`)
      : refuse(
          `the instance does not carry ${optInTag.key}=${optInTag.value}: tag it, and let the group propagate the tag at launch`,
        ),
  state: ({ state }) =>
    state === 'running' ? pass(state) : refuse(`${state}: only a running instance is resized`),
  'root volume': ({ rootDeviceType }, { candidate }) => {
    if (rootDeviceType !== 'ebs') {
      return refuse(
        `${rootDeviceType ?? 'unknown'}: only an instance with an EBS root volume can be stopped`,
      );
    }
    return candidate.rootDeviceTypes.includes('ebs')
      ? pass('ebs')
      : refuse(`ebs, and ${candidate.instanceType} does not start from it: choose another type`);
  },
  'instance store': (_instance, { present, candidate, allowsInstanceStoreLoss }) => {
    if (present.hasInstanceStore && !allowsInstanceStoreLoss) {
      return refuse(
        `${present.instanceType} has instance store, and a stop loses what is on it: set allowInstanceStoreLoss if it may be lost`,
      );
    }
    if (present.hasInstanceStore) return warn('what is on instance store will be lost, as allowed');
    return candidate.hasInstanceStore
      ? warn(`${candidate.instanceType} has instance store, which appears raw and is not mounted`)
      : pass('none');
  },
  purchase: ({ instanceLifecycle }, { candidate }) => {
    if (instanceLifecycle !== undefined) {
      return refuse(
        `${instanceLifecycle}: the type of such an instance cannot be changed, or it cannot be stopped`,
      );
    }
    return candidate.usageClasses.includes('on-demand')
      ? pass('on-demand')
      : refuse(`${candidate.instanceType} is not sold on demand: choose another type`);
  },
  hibernation: ({ isHibernationConfigured }) =>
    isHibernationConfigured
      ? refuse('configured: the type of an instance that can hibernate cannot be changed')
      : pass('not configured'),
  architecture: ({ architecture }, { candidate }) =>
    among('architecture', architecture, candidate.architectures, candidate.instanceType),
  virtualization: ({ virtualizationType }, { candidate }) =>
    among('virtualization type', virtualizationType, candidate.virtualizationTypes, candidate.instanceType),
  'boot mode': ({ bootMode }, { candidate }) =>
    among('boot mode', bootMode, candidate.bootModes, candidate.instanceType),
  'enhanced networking': (instance, { candidate }) => {
    if (candidate.enaSupport !== 'required') return pass(candidate.enaSupport ?? 'not required');
    return instance.enaSupport === true
      ? pass('the instance supports ENA')
      : refuse(`${candidate.instanceType} needs ENA, and the instance is not enabled for it`);
  },
  'ENA Express': (instance, { candidate }) => {
    if (!usesEnaExpress(instance)) return pass('off');
    return candidate.enaExpressSupported
      ? pass('on, and supported')
      : refuse(`on, and ${candidate.instanceType} does not support it: turn it off first`);
  },
  NVMe: (_instance, { present, candidate }) => {
    if (present.hypervisor === undefined || candidate.hypervisor === undefined) {
      return unknown('which hypervisor the types run on');
    }
    return present.hypervisor === 'xen' && candidate.hypervisor === 'nitro'
      ? warn(
          'from Xen to Nitro: it needs NVMe drivers, and mounts by UUID; the canary shows whether it has them',
        )
      : pass(`${present.hypervisor} to ${candidate.hypervisor}`);
  },
  'network interfaces': ({ networkInterfaces }, { candidate }) => {
    const most = Math.max(0, ...networkInterfaces.map(({ addresses }) => addresses));
    if (networkInterfaces.length > candidate.networkInterfacesMax) {
      return refuse(
        `${networkInterfaces.length} attached, and ${candidate.instanceType} takes ${candidate.networkInterfacesMax}`,
      );
    }
    if (most > candidate.ipv4AddressesPerInterface) {
      return refuse(
        `${most} addresses on one, and ${candidate.instanceType} takes ${candidate.ipv4AddressesPerInterface} on each`,
      );
    }
    const mostIpv6 = Math.max(0, ...networkInterfaces.map(({ ipv6Addresses }) => ipv6Addresses));
    if (mostIpv6 > candidate.ipv6AddressesPerInterface) {
      return refuse(
        `${mostIpv6} IPv6 addresses on one, and ${candidate.instanceType} takes ${candidate.ipv6AddressesPerInterface} on each`,
      );
    }
    return networkInterfaces.some(({ networkCardIndex }) => networkCardIndex >= candidate.networkCards)
      ? refuse(`one is on a network card that ${candidate.instanceType} does not have`)
      : pass(`${networkInterfaces.length} of ${candidate.networkInterfacesMax}`);
  },
  volumes: (instance, { candidate }) => {
    if (candidate.volumesMax === undefined)
      return unknown(`how many volumes ${candidate.instanceType} takes`);
    const used = usedSlots(instance, candidate);
    return used > candidate.volumesMax
      ? refuse(`${used} slots are used, and ${candidate.instanceType} has ${candidate.volumesMax}`)
      : pass(`${used} of ${candidate.volumesMax} slots`);
  },
  'EBS optimization': ({ ebsOptimized }, { candidate }) =>
    ebsOptimized === true && candidate.ebsOptimized === 'unsupported'
      ? refuse(`on, and ${candidate.instanceType} does not have it: turn it off first`)
      : pass(candidate.ebsOptimized ?? 'not asked for'),
  tenancy: ({ tenancy }) =>
    tenancy === 'default'
      ? pass('default')
      : refuse(`${tenancy ?? 'unknown'}: a start is bound to its host's types and room; do it by hand`),
  'placement group': ({ placementGroup }) =>
    placementGroup === undefined
      ? pass('none')
      : refuse(`in ${placementGroup}, where a start again may find no room; do it by hand`),
  bandwidth: ({ bandwidthWeighting = 'default' }) =>
    bandwidthWeighting === 'default'
      ? pass('default')
      : refuse(`weighted ${bandwidthWeighting}: reset it to default first`),
  NitroTPM: ({ tpmSupport }, { candidate }) =>
    tpmSupport !== undefined && candidate.nitroTpm !== 'supported'
      ? refuse(`${tpmSupport}, and ${candidate.instanceType} does not support it: choose another type`)
      : pass(tpmSupport ?? 'not used'),
  'CPU options': ({ threadsPerCore }, { present }) =>
    threadsPerCore !== undefined &&
    present.threadsPerCore !== undefined &&
    threadsPerCore < present.threadsPerCore
      ? warn(
          `${threadsPerCore} thread per core was chosen; it is kept where the new type can have it, else dropped`,
        )
      : pass('as the type has them'),
  'stop protection': (_instance, { isStopProtected }) => {
    if (isStopProtected === undefined) return unknown('whether it may be stopped');
    return isStopProtected
      ? refuse('on: somebody does not want it stopped; ask, and turn DisableApiStop off')
      : pass('off');
  },
  'offered in its zone': ({ availabilityZone }, { candidate, isOffered }) =>
    isOffered
      ? pass(availabilityZone)
      : refuse(`${candidate.instanceType} is not offered in ${availabilityZone}: choose another type`),
  'capacity reservation': ({ targetsReservation, usesOpenReservations }, { reservesCapacity }) => {
    if (targetsReservation) return refuse('it targets a reservation of its present type: change that first');
    return reservesCapacity && !usesOpenReservations
      ? refuse('its preference is none, so it would not start in the capacity that is held: set it to open')
      : pass('none targeted');
  },
  'public IPv4': ({ changingPublicIpv4 }) =>
    changingPublicIpv4 === undefined
      ? pass('none that changes')
      : warn(`${changingPublicIpv4} is not an Elastic IP and will change`),
  'product code': ({ hasMarketplaceProduct }, { candidate }) =>
    hasMarketplaceProduct
      ? warn(`a Marketplace product may not allow ${candidate.instanceType}; the canary shows it`)
      : pass('none'),
  credits: (_instance, { candidate }) =>
    candidate.instanceType.startsWith('t')
      ? warn('a stop loses the launch credits of a burstable instance')
      : pass('none'),
};

/** Everything that was checked of one instance for one type. Pure: the same facts give the same findings. */
export const checkInstance = (instance: InstanceFacts, context: PreflightContext): Finding[] =>
  Object.entries(checks).map(([check, look]) => {
    const [verdict, fact] = look(instance, context);
    return { verdict, check, fact };
  });

/** Whether nothing stands against a type. */
export const isFit = (findings: Finding[]): boolean => findings.every(({ verdict }) => verdict !== 'refuse');
