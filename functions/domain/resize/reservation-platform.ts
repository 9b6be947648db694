import type { CapacityReservationInstancePlatform } from '@aws-sdk/client-ec2';

/**
 * What an instance is billed as, by code and by name, and what a capacity reservation calls its platform. The names are
 * spelt in several ways, the codes in one.
 * Source: EC2 User Guide, "AMI billing information fields"; API reference, CapacityReservationInstancePlatform; User
 * Guide, "Capacity Reservations", platforms: Red Hat BYOL is reserved as Linux/UNIX, Windows BYOL cannot be.
 */
const platforms: [code: string, name: string, reservedAs: CapacityReservationInstancePlatform][] = [
  ['RunInstances', 'Linux/UNIX', 'Linux/UNIX'],
  ['RunInstances:00g0', 'Red Hat BYOL Linux', 'Linux/UNIX'],
  ['RunInstances:0010', 'Red Hat Enterprise Linux', 'Red Hat Enterprise Linux'],
  ['RunInstances:1010', 'Red Hat Enterprise Linux with HA', 'RHEL with HA'],
  ['RunInstances:0014', 'Red Hat Enterprise Linux with SQL Server Standard', 'RHEL with SQL Server Standard'],
  [
    'RunInstances:0110',
    'Red Hat Enterprise Linux with SQL Server Enterprise',
    'RHEL with SQL Server Enterprise',
  ],
  ['RunInstances:0210', 'Red Hat Enterprise Linux with SQL Server Web', 'RHEL with SQL Server Web'],
  [
    'RunInstances:1014',
    'Red Hat Enterprise Linux with SQL Server Standard and HA',
    'RHEL with HA and SQL Server Standard',
  ],
  [
    'RunInstances:1110',
    'Red Hat Enterprise Linux with SQL Server Enterprise and HA',
    'RHEL with HA and SQL Server Enterprise',
  ],
  ['RunInstances:000g', 'SUSE Linux', 'SUSE Linux'],
  ['RunInstances:0g00', 'Ubuntu Pro', 'Ubuntu Pro'],
  ['RunInstances:0g00', 'Ubuntu Pro Linux', 'Ubuntu Pro'],
  ['RunInstances:0004', 'SQL Server Standard', 'Linux with SQL Server Standard'],
  ['RunInstances:0100', 'SQL Server Enterprise', 'Linux with SQL Server Enterprise'],
  ['RunInstances:0200', 'SQL Server Web', 'Linux with SQL Server Web'],
  ['RunInstances:0002', 'Windows', 'Windows'],
  ['RunInstances:0006', 'Windows with SQL Server Standard', 'Windows with SQL Server Standard'],
  ['RunInstances:0102', 'Windows with SQL Server Enterprise', 'Windows with SQL Server Enterprise'],
  ['RunInstances:0202', 'Windows with SQL Server Web', 'Windows with SQL Server Web'],
];

/**
 * What a capacity reservation calls the platform of an instance.
 *
 * @param usageOperation what it is billed as, by code; by name where EC2 tells no code
 * @returns `undefined` when EC2 has no reservation for it, or it is not known here
 */
export const reservationPlatform = ({
  usageOperation,
  platformDetails,
}: {
  usageOperation?: string;
  platformDetails?: string;
}): CapacityReservationInstancePlatform | undefined =>
  platforms.find(([code, name]) =>
    usageOperation === undefined ? name === platformDetails : code === usageOperation,
  )?.[2];
