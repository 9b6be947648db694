import { describe, expect, it } from 'vitest';
import type { InstanceFacts, InstanceTypeFacts } from '../../../functions/domain/resize/instance-facts.ts';
import { nextLargerType } from '../../../functions/domain/resize/instance-facts.ts';
import { checkInstance, isFit, type PreflightContext } from '../../../functions/domain/resize/preflight.ts';
import { anInstance, aType } from './resize-fixtures.ts';

const findings = (
  instance: Partial<InstanceFacts>,
  candidate: Partial<InstanceTypeFacts> = {},
  context: Partial<PreflightContext> = {},
) =>
  checkInstance(anInstance(instance), {
    present: aType('m7i.large', { vCpus: 2 }),
    candidate: aType('m7i.xlarge', candidate),
    isOffered: true,
    isStopProtected: false,
    allowsInstanceStoreLoss: false,
    reservesCapacity: true,
    ...context,
  });

/** What one check came to. */
const verdictOf = (found: ReturnType<typeof checkInstance>, check: string) =>
  found.find((finding) => finding.check === check);

const two = Array.from({ length: 2 }, () => ({
  addresses: 1,
  ipv6Addresses: 0,
  usesEnaExpress: false,
  networkCardIndex: 0,
}));
const with_ = (over: object) => [
  { addresses: 1, ipv6Addresses: 0, usesEnaExpress: false, networkCardIndex: 0, ...over },
];

describe('checkInstance', () => {
  it('passes an ordinary instance in every check', () => {
    const found = findings({});
    expect(found.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(24);
    expect(isFit(found)).toBe(true);
  });

  type Case = [
    check: string,
    instance: Partial<InstanceFacts>,
    candidate?: Partial<InstanceTypeFacts>,
    context?: Partial<PreflightContext>,
  ];

  it.each<Case>([
    ['opt-in tag', { tags: {} }],
    ['state', { state: 'stopped' }],
    ['root volume', { rootDeviceType: 'instance-store' }],
    ['root volume', {}, { rootDeviceTypes: ['instance-store'] }],
    ['instance store', {}, {}, { present: aType('m5d.large', { hasInstanceStore: true }) }],
    ['purchase', { instanceLifecycle: 'spot' }],
    ['purchase', {}, { usageClasses: ['spot'] }],
    ['hibernation', { isHibernationConfigured: true }],
    ['architecture', {}, { architectures: ['arm64'] }],
    ['virtualization', { virtualizationType: 'paravirtual' }],
    ['boot mode', { bootMode: 'uefi' }, { bootModes: ['legacy-bios'] }],
    ['enhanced networking', { enaSupport: false }],
    ['ENA Express', { networkInterfaces: with_({ usesEnaExpress: true }) }],
    ['network interfaces', { networkInterfaces: two }, { networkInterfacesMax: 1 }],
    ['network interfaces', { networkInterfaces: with_({ addresses: 16 }) }],
    ['network interfaces', { networkInterfaces: with_({ ipv6Addresses: 16 }) }],
    ['network interfaces', { networkInterfaces: with_({ networkCardIndex: 1 }) }],
    ['volumes', { volumes: 28 }],
    ['EBS optimization', {}, { ebsOptimized: 'unsupported' }],
    ['tenancy', { tenancy: 'dedicated' }],
    ['placement group', { placementGroup: 'cluster' }],
    ['bandwidth', { bandwidthWeighting: 'vpc-1' }],
    ['NitroTPM', { tpmSupport: 'v2.0' }, { nitroTpm: 'unsupported' }],
    ['stop protection', {}, {}, { isStopProtected: true }],
    ['offered in its zone', {}, {}, { isOffered: false }],
    ['capacity reservation', { targetsReservation: true }],
    ['capacity reservation', { usesOpenReservations: false }],
    ['platform', { platformDetails: 'Windows BYOL' }],
    ['platform', { usageOperation: 'RunInstances:0800', platformDetails: 'Windows' }],
    ['Outpost', { outpostArn: 'arn:aws:outposts:us-east-1:123456789012:outpost/op-1' }],
    ['Nitro Enclaves', { usesEnclaves: true }],
    ['operator', { managedBy: 'eks.amazonaws.com' }],
    ['public IPv4', { changingPublicIpv4: '203.0.113.7', networkInterfaces: two }],
  ])('refuses for %s (%j %j)', (check, instance, candidate = {}, context = {}) => {
    const found = findings(instance, candidate, context);
    expect(verdictOf(found, check)).toMatchObject({ verdict: 'refuse', because: expect.any(String) });
    expect(found.filter(({ verdict }) => verdict === 'refuse')).toHaveLength(1);
    expect(isFit(found)).toBe(false);
  });

  it.each<Case>([
    [
      'instance store',
      {},
      {},
      { present: aType('m5d.large', { hasInstanceStore: true }), allowsInstanceStoreLoss: true },
    ],
    ['instance store', {}, { hasInstanceStore: true }],
    ['NVMe', {}, {}, { present: aType('m4.large', { hypervisor: 'xen' }) }],
    ['public IPv4', { changingPublicIpv4: '203.0.113.7' }],
    ['product code', { hasMarketplaceProduct: true }],
    ['CPU options', { threadsPerCore: 1 }],
    ['credits', {}, { instanceType: 't3.large' }],
  ])('warns of %s (%j %j)', (check, instance, candidate = {}, context = {}) => {
    const found = findings(instance, candidate, context);
    expect(verdictOf(found, check)?.verdict).toBe('warn');
    expect(isFit(found)).toBe(true);
  });

  it.each<Case>([
    ['volumes', { volumes: 27 }],
    ['volumes', { volumes: 32 }, { volumesMax: 32, volumesLimitType: 'dedicated' }],
    ['network interfaces', { networkInterfaces: two }, { networkInterfacesMax: 2 }],
    ['network interfaces', { networkInterfaces: with_({ addresses: 15 }) }],
    ['enhanced networking', { enaSupport: false }, { enaSupport: 'supported' }],
    ['ENA Express', { networkInterfaces: with_({ usesEnaExpress: true }) }, { enaExpressSupported: true }],
    ['NitroTPM', { tpmSupport: 'v2.0' }],
    ['capacity reservation', { usesOpenReservations: false }, {}, { reservesCapacity: false }],
    ['platform', { platformDetails: 'Windows BYOL' }, {}, { reservesCapacity: false }],
    ['platform', { platformDetails: 'Red Hat Enterprise Linux with HA' }],
    ['platform', { usageOperation: 'RunInstances:00g0' }],
    ['boot mode', { bootMode: 'uefi', imageBootMode: 'uefi-preferred' }, { bootModes: ['legacy-bios'] }],
    ['boot mode', { imageBootMode: 'uefi-preferred' }, { bootModes: ['uefi'] }],
    ['Nitro Enclaves', { usesEnclaves: true }, { supportsEnclaves: true }],
  ])('passes %s where it just fits (%j %j)', (check, instance, candidate = {}, context = {}) => {
    expect(verdictOf(findings(instance, candidate, context), check)?.verdict).toBe('pass');
  });

  it.each<[string, keyof InstanceFacts]>([
    ['architecture', 'architecture'],
    ['virtualization', 'virtualizationType'],
    ['platform', 'platformDetails'],
    ['root volume', 'rootDeviceType'],
    ['tenancy', 'tenancy'],
    ['enhanced networking', 'enaSupport'],
  ])('refuses when AWS does not say the %s', (check, field) => {
    const { [field]: _unsaid, ...rest } = anInstance();
    const found = checkInstance(rest as InstanceFacts, {
      present: aType('m7i.large'),
      candidate: aType('m7i.xlarge'),
      isOffered: true,
      isStopProtected: false,
      allowsInstanceStoreLoss: false,
      reservesCapacity: true,
    });
    expect(verdictOf(found, check)?.verdict).toBe('refuse');
  });

  it('takes the default boot mode of its architecture where EC2 does not say how it booted', () => {
    const { bootMode: _bootMode, ...unsaid } = anInstance();
    const look = (architecture: string, bootModes: string[]) =>
      verdictOf(
        checkInstance(
          { ...unsaid, architecture },
          {
            present: aType('m7i.large'),
            candidate: aType('m7i.xlarge', { architectures: [architecture], bootModes }),
            isOffered: true,
            isStopProtected: false,
            allowsInstanceStoreLoss: false,
            reservesCapacity: true,
          },
        ),
        'boot mode',
      );
    expect(look('x86_64', ['legacy-bios'])).toMatchObject({ verdict: 'pass', found: 'legacy-bios' });
    expect(look('arm64', ['uefi'])).toMatchObject({ verdict: 'pass', found: 'uefi' });
    expect(look('x86_64', ['uefi'])?.verdict).toBe('refuse');
  });

  it('refuses when stop protection could not be read', () => {
    expect(verdictOf(findings({}, {}, { isStopProtected: undefined }), 'stop protection')?.verdict).toBe(
      'refuse',
    );
  });
});

describe('nextLargerType', () => {
  const family = [
    aType('m7i.large', { vCpus: 2, memoryMiB: 8192 }),
    aType('m7i.metal-24xl', { vCpus: 3, memoryMiB: 9000 }),
    aType('m7i.2xlarge', { vCpus: 8, memoryMiB: 32_768 }),
    aType('m7i.xlarge', { vCpus: 4, memoryMiB: 16_384 }),
  ];

  it('is the least with more virtual CPUs, metal left out', () => {
    expect(nextLargerType('m7i.large', family)?.instanceType).toBe('m7i.xlarge');
    expect(nextLargerType('m7i.xlarge', family)?.instanceType).toBe('m7i.2xlarge');
  });

  it('is the one with more memory where virtual CPUs are as many', () => {
    const burstable = [
      aType('t3.micro', { vCpus: 2, memoryMiB: 1024 }),
      aType('t3.medium', { vCpus: 2, memoryMiB: 4096 }),
      aType('t3.small', { vCpus: 2, memoryMiB: 2048 }),
    ];
    expect(nextLargerType('t3.micro', burstable)?.instanceType).toBe('t3.small');
  });

  it.each(['m7i.2xlarge', 'm5.large'])('is nothing for %s, the largest or unknown', (type) => {
    expect(nextLargerType(type, family)).toBeUndefined();
  });
});
