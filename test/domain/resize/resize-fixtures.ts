import type { SeenResize } from '../../../functions/domain/resize/decide-resize-step.ts';
import type { InstanceFacts, InstanceTypeFacts } from '../../../functions/domain/resize/instance-facts.ts';
import type {
  Reservation,
  Resize,
  ResizeCandidate,
  ResizeWork,
} from '../../../functions/domain/resize/resize-record.ts';
import { type ResizeSettings, resizeEffect } from '../../../functions/domain/resize/settings.ts';
import { later, now } from '../holds/group-fixtures.ts';

export const anInstance = (over: Partial<InstanceFacts> = {}): InstanceFacts => ({
  instanceId: 'i-1',
  instanceType: 'm7i.large',
  availabilityZone: 'us-east-1a',
  state: 'running',
  tags: { holdfast: 'true' },
  architecture: 'x86_64',
  virtualizationType: 'hvm',
  rootDeviceType: 'ebs',
  bootMode: 'legacy-bios',
  enaSupport: true,
  ebsOptimized: true,
  isHibernationConfigured: false,
  platformDetails: 'Linux/UNIX',
  tenancy: 'default',
  volumes: 1,
  networkInterfaces: [{ addresses: 1, ipv6Addresses: 1, usesEnaExpress: false, networkCardIndex: 0 }],
  threadsPerCore: 2,
  targetsReservation: false,
  usesOpenReservations: true,
  hasMarketplaceProduct: false,
  ...over,
});

export const aType = (instanceType: string, over: Partial<InstanceTypeFacts> = {}): InstanceTypeFacts => ({
  instanceType,
  hypervisor: 'nitro',
  architectures: ['x86_64'],
  virtualizationTypes: ['hvm'],
  rootDeviceTypes: ['ebs'],
  usageClasses: ['on-demand', 'spot'],
  bootModes: ['legacy-bios', 'uefi'],
  hasInstanceStore: false,
  supportsEnclaves: false,
  nitroTpm: 'supported',
  ebsOptimized: 'default',
  volumesMax: 28,
  volumesLimitType: 'shared',
  networkInterfacesMax: 4,
  ipv4AddressesPerInterface: 15,
  ipv6AddressesPerInterface: 15,
  threadsPerCore: 2,
  networkCards: 1,
  enaSupport: 'required',
  enaExpressSupported: false,
  vCpus: 4,
  memoryMiB: 16_384,
  ...over,
});

export const aResize = (over: Partial<Resize> = {}): Resize => ({
  instanceId: 'i-1',
  availabilityZone: 'us-east-1a',
  platform: 'Linux/UNIX',
  originalType: 'm7i.large',
  candidates: ['m7i.xlarge', 'm6i.xlarge'],
  chosenAt: now,
  stage: 'CHOSEN',
  stageAt: now,
  direction: 'FORWARD',
  wantedType: 'm7i.xlarge',
  tried: [],
  isReserved: true,
  hasEntered: false,
  hasStarted: false,
  isForced: false,
  ...over,
});

export const seen = (lifecycleState: string | undefined, over: Partial<SeenResize> = {}): SeenResize => ({
  lifecycleState,
  ec2: { state: 'running', instanceType: 'm7i.large' },
  hasPassedChecks: true,
  isHealthy: true,
  ...over,
});

export const someWork = (over: Partial<ResizeWork> = {}): ResizeWork => ({
  incidentId: 'incident-a',
  startedAt: now,
  floor: 2,
  waveSize: 2,
  queue: [],
  resizes: [],
  reservations: [],
  ...over,
});

export const aCandidate = (instanceId: string, availabilityZone = 'us-east-1a'): ResizeCandidate => ({
  instanceId,
  availabilityZone,
  platform: 'Linux/UNIX',
  originalType: 'm7i.large',
  candidates: ['m7i.xlarge'],
});

/** The hold of a resize that goes on. */
export const resizeHold = {
  incidentId: 'incident-a',
  processes: resizeEffect.processes,
  protectsInstances: false,
  keepsLaunch: true,
  reason: 'more room',
  heldAt: now,
  stage: 'HELD' as const,
  stageAt: now,
};

/** The settings of a resize whose rule or input says nothing else. */
export const resizeSettings: ResizeSettings = {
  instanceTypes: ['m7i.xlarge'],
  waveSize: 2,
  reserveCapacity: true,
  snapshot: false,
  updateLaunchTemplate: false,
  allowDowntime: false,
  allowInstanceStoreLoss: false,
};

export const aReservation = (over: Partial<Reservation> = {}): Reservation => ({
  clientToken: 'token',
  instanceType: 'm7i.xlarge',
  availabilityZone: 'us-east-1a',
  platform: 'Linux/UNIX',
  count: 1,
  instanceIds: ['i-1'],
  recordedAt: now,
  endsAt: later(7200),
  ...over,
});
