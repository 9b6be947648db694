import { CapacityReservationInstancePlatform } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { reservationPlatform } from '../../../functions/domain/resize/reservation-platform.ts';

describe('reservationPlatform', () => {
  it.each([
    ['RunInstances', 'Linux/UNIX', 'Linux/UNIX'],
    ['RunInstances:00g0', 'Red Hat BYOL Linux', 'Linux/UNIX'],
    ['RunInstances:1010', 'Red Hat Enterprise Linux with HA', 'RHEL with HA'],
    ['RunInstances:0g00', 'Ubuntu Pro Linux', 'Ubuntu Pro'],
    ['RunInstances:0004', 'SQL Server Standard', 'Linux with SQL Server Standard'],
    ['RunInstances:0002', 'Windows', 'Windows'],
  ])('of %s, which is %s, is %s by code and by name', (usageOperation, platformDetails, expected) => {
    expect(reservationPlatform({ usageOperation })).toBe(expected);
    expect(reservationPlatform({ platformDetails })).toBe(expected);
    expect(reservationPlatform({ usageOperation, platformDetails: 'spelt otherwise' })).toBe(expected);
    expect(Object.values(CapacityReservationInstancePlatform)).toContain(expected);
  });

  it.each([
    [{ usageOperation: 'RunInstances:0800', platformDetails: 'Windows BYOL' }],
    [{ platformDetails: 'Windows BYOL' }],
    // The code counts, whatever the name.
    [{ usageOperation: 'RunInstances:9999', platformDetails: 'Windows' }],
    [{}],
  ])('is nothing for %j', (billing) => {
    expect(reservationPlatform(billing)).toBeUndefined();
  });
});
