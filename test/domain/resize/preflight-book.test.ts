import { describe, expect, it } from 'vitest';
import type { InstanceFacts, InstanceTypeFacts } from '../../../functions/domain/resize/instance-facts.ts';
import { checkInstance, type PreflightContext } from '../../../functions/domain/resize/preflight.ts';
import { anInstance, aType } from './resize-fixtures.ts';

/** What is left out of an ordinary instance, or of an ordinary type. */
const unsaid = undefined as never;

/** A check, and what is not ordinary: of the instance, of the type it may get, of the type it has, and of the rest. */
type Case = [
  check: string,
  instance?: Omit<Partial<InstanceFacts>, 'networkInterfaces'> & { networkInterfaces?: object[] },
  candidate?: Partial<InstanceTypeFacts>,
  context?: Omit<Partial<PreflightContext>, 'present'> & { present?: Partial<InstanceTypeFacts> },
];

const networkInterface = { addresses: 1, ipv6Addresses: 1, usesEnaExpress: false, networkCardIndex: 0 };

/** Every check from every side: what it says of an ordinary instance stands first. */
const cases: Case[] = [
  ['opt-in tag', { tags: {} }],
  ['opt-in tag', { tags: { holdfast: 'yes' } }],
  ['state', { state: 'stopped' }],
  ['root volume', { rootDeviceType: 'instance-store' }],
  ['root volume', { rootDeviceType: unsaid }],
  ['root volume', {}, { rootDeviceTypes: ['instance-store'] }],
  ['instance store', {}, {}, { present: { instanceType: 'm5d.large', hasInstanceStore: true } }],
  [
    'instance store',
    {},
    {},
    { present: { instanceType: 'm5d.large', hasInstanceStore: true }, allowsInstanceStoreLoss: true },
  ],
  ['instance store', {}, { hasInstanceStore: true }],
  ['purchase', { instanceLifecycle: 'spot' }],
  ['purchase', {}, { usageClasses: ['spot'] }],
  ['hibernation', { isHibernationConfigured: true }],
  ['architecture', { architecture: unsaid }],
  ['architecture', {}, { architectures: ['arm64'] }],
  ['virtualization', { virtualizationType: unsaid }],
  ['virtualization', { virtualizationType: 'paravirtual' }],
  ['boot mode', { bootMode: 'uefi' }, { bootModes: ['legacy-bios'] }],
  ['boot mode', { bootMode: unsaid }],
  ['boot mode', { bootMode: unsaid, architecture: 'arm64' }, { bootModes: ['uefi'] }],
  ['boot mode', { imageBootMode: 'uefi-preferred' }, { bootModes: ['uefi'] }],
  ['boot mode', { imageBootMode: 'uefi-preferred' }, { bootModes: [] }],
  ['enhanced networking', { enaSupport: false }],
  ['enhanced networking', { enaSupport: unsaid }],
  ['enhanced networking', {}, { enaSupport: 'supported' }],
  ['enhanced networking', {}, { enaSupport: unsaid }],
  ['ENA Express', { networkInterfaces: [{}, { usesEnaExpress: true }] }],
  ['ENA Express', { networkInterfaces: [{ usesEnaExpress: true }] }, { enaExpressSupported: true }],
  ['NVMe', {}, {}, { present: { instanceType: 'm4.large', hypervisor: 'xen' } }],
  ['NVMe', {}, { hypervisor: 'xen' }, { present: { instanceType: 'm4.large', hypervisor: 'xen' } }],
  ['NVMe', {}, { hypervisor: 'xen' }],
  ['NVMe', {}, { hypervisor: unsaid }],
  ['NVMe', {}, {}, { present: { instanceType: 'm4.large', hypervisor: unsaid } }],
  ['network interfaces', { networkInterfaces: [{}, {}] }, { networkInterfacesMax: 1 }],
  ['network interfaces', { networkInterfaces: [{}, {}] }, { networkInterfacesMax: 2 }],
  ['network interfaces', { networkInterfaces: [{}, { addresses: 16 }] }],
  ['network interfaces', { networkInterfaces: [{}, { ipv6Addresses: 16 }] }],
  ['network interfaces', { networkInterfaces: [{}, { networkCardIndex: 1 }] }],
  ['network interfaces', { networkInterfaces: [] }],
  ['volumes', { volumes: 27 }],
  ['volumes', { volumes: 28 }],
  ['volumes', { volumes: 28 }, { volumesLimitType: 'dedicated' }],
  ['volumes', {}, { volumesMax: unsaid }],
  ['EBS optimization', {}, { ebsOptimized: 'unsupported' }],
  ['EBS optimization', { ebsOptimized: false }, { ebsOptimized: 'unsupported' }],
  ['EBS optimization', {}, { ebsOptimized: unsaid }],
  ['tenancy', { tenancy: 'dedicated' }],
  ['tenancy', { tenancy: unsaid }],
  ['placement group', { placementGroup: 'cluster' }],
  ['bandwidth', { bandwidthWeighting: 'default' }],
  ['bandwidth', { bandwidthWeighting: 'vpc-1' }],
  ['NitroTPM', { tpmSupport: 'v2.0' }],
  ['NitroTPM', { tpmSupport: 'v2.0' }, { nitroTpm: 'unsupported' }],
  ['NitroTPM', {}, { nitroTpm: 'unsupported' }],
  ['CPU options', { threadsPerCore: 1 }],
  ['CPU options', { threadsPerCore: unsaid }],
  [
    'CPU options',
    { threadsPerCore: 1 },
    {},
    { present: { instanceType: 'm7i.large', threadsPerCore: unsaid } },
  ],
  ['stop protection', {}, {}, { isStopProtected: true }],
  ['stop protection', {}, {}, { isStopProtected: undefined }],
  ['operator', { managedBy: 'eks.amazonaws.com' }],
  ['Outpost', { outpostArn: 'arn:aws:outposts:us-east-1:123456789012:outpost/op-1' }],
  ['Nitro Enclaves', { usesEnclaves: true }],
  ['Nitro Enclaves', { usesEnclaves: true }, { supportsEnclaves: true }],
  ['Nitro Enclaves', { usesEnclaves: false }],
  ['platform', { platformDetails: 'Windows BYOL' }],
  ['platform', { platformDetails: 'Windows BYOL' }, {}, { reservesCapacity: false }],
  ['platform', { platformDetails: unsaid }],
  ['platform', { platformDetails: unsaid }, {}, { reservesCapacity: false }],
  ['platform', { platformDetails: unsaid, usageOperation: 'RunInstances:0800' }],
  [
    'platform',
    { platformDetails: unsaid, usageOperation: 'RunInstances:0800' },
    {},
    { reservesCapacity: false },
  ],
  ['platform', { platformDetails: 'Red Hat Enterprise Linux with HA' }],
  ['offered in its zone', {}, {}, { isOffered: false }],
  ['capacity reservation', { targetsReservation: true }],
  ['capacity reservation', { usesOpenReservations: false }],
  ['capacity reservation', { usesOpenReservations: false }, {}, { reservesCapacity: false }],
  ['public IPv4', { changingPublicIpv4: '203.0.113.7' }],
  ['public IPv4', { changingPublicIpv4: '203.0.113.7', networkInterfaces: [{}, {}] }],
  ['product code', { hasMarketplaceProduct: true }],
  ['credits', {}, { instanceType: 't3.large' }],
];

describe('checkInstance, from every side', () => {
  const look = ([check, instance = {}, candidate = {}, context = {}]: Case) => {
    const { networkInterfaces = [{}], ...rest } = instance;
    const { present = {}, ...circumstances } = context;
    return checkInstance(
      anInstance({
        ...rest,
        networkInterfaces: networkInterfaces.map((over) => ({ ...networkInterface, ...over })),
      }),
      {
        present: aType(present.instanceType ?? 'm7i.large', present),
        candidate: aType('m7i.xlarge', candidate),
        isOffered: true,
        isStopProtected: false,
        allowsInstanceStoreLoss: false,
        reservesCapacity: true,
        ...circumstances,
      },
    ).find((finding) => finding.check === check);
  };

  it('says what test/fixtures/preflight.txt says', async () => {
    const checks = [...new Set(cases.map(([check]) => check))];
    const known = checkInstance(anInstance(), {
      present: aType('m7i.large'),
      candidate: aType('m7i.xlarge'),
      isOffered: true,
      isStopProtected: false,
      allowsInstanceStoreLoss: false,
      reservesCapacity: true,
    });
    expect(checks).toEqual(known.map(({ check }) => check));
    const shown = (value: object): string =>
      JSON.stringify(value, (_key, found) => (found === undefined ? 'not said' : found));
    const lineOf = ([check, ...over]: Case): string => {
      const { check: _check, verdict, because, ...facts } = look([check, ...over]) ?? {};
      const titles = ['', 'for a type with ', 'where '];
      const unusual = over.flatMap((part = {}, index) =>
        Object.keys(part).length === 0 ? [] : [`${titles[index]}${shown(part)}`],
      );
      return `  ${unusual.join(' ') || 'an ordinary one'}\n    ${verdict}: ${because} ${shown(facts)}`;
    };
    const page = checks.map((check) =>
      [check, lineOf([check]), ...cases.filter(([each]) => each === check).map(lineOf)].join('\n'),
    );
    await expect(`${page.join('\n\n')}\n`).toMatchFileSnapshot('../../fixtures/preflight.txt');
  });
});
