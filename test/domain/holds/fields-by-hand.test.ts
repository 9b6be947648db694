import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { holdDefaults } from '../../../functions/domain/holds/settings.ts';
import type { Remediation } from '../../../functions/domain/remediation-names.ts';
import { remediations } from '../../../functions/domain/remediations.ts';
import { scaleInProcesses } from './group-fixtures.ts';

const fieldsOf = (remediation: Remediation) => {
  const { fields, fieldsByHand } = remediations[remediation];
  return z.strictObject({ ...fieldsByHand?.(), ...fields() });
};
const described = (remediation: Remediation, field: string): string | undefined =>
  z.globalRegistry.get(fieldsOf(remediation).shape[field] as z.ZodMiniType)?.description;

describe('the fields of pause-scaling', () => {
  it('block scale-in where nothing is said, and all where that is asked for', () => {
    expect(fieldsOf('pause-scaling').parse({})).toMatchObject({ block: 'scale-in' });
    expect(fieldsOf('pause-scaling').parse({ block: 'all' })).toMatchObject({ block: 'all' });
    expect(fieldsOf('pause-scaling').safeParse({ block: 'scale-out' }).success).toBe(false);
    expect(described('pause-scaling', 'block')).toBe(
      'scale-in: nothing is taken away, scale-out stays alive. all: the size does not change at all.',
    );
  });

  it('suspend what takes away, and for all what launches too, and protect nobody', () => {
    expect(pauseScalingEffect('scale-in')).toEqual({
      processes: scaleInProcesses,
      protectsInstances: false,
    });
    expect(pauseScalingEffect('all')).toEqual({
      processes: [...scaleInProcesses, 'Launch', 'AlarmNotification', 'ScheduledActions'],
      protectsInstances: false,
    });
  });
});

describe('the fields of protect-instances', () => {
  it('last until the expiry by hand where nothing is said, or until launches succeed', () => {
    expect(fieldsOf('protect-instances').parse({})).toMatchObject({
      until: 'expiry',
      launchesToRelease: holdDefaults.launchesToRelease,
    });
    expect(fieldsOf('protect-instances').parse({ until: 'launches-succeed' })).toMatchObject({
      until: 'launches-succeed',
    });
    expect(fieldsOf('protect-instances').safeParse({ until: 'ever' }).success).toBe(false);
    expect(fieldsOf('protect-instances').safeParse({ launchesToRelease: 50 }).success).toBe(true);
    expect(fieldsOf('protect-instances').safeParse({ launchesToRelease: 51 }).success).toBe(false);
    expect(described('protect-instances', 'until')).toBe(
      'launches-succeed: given back as soon as launches succeed again.',
    );
    expect(described('protect-instances', 'launchesToRelease')).toMatch(
      /^Launches of a group that must have come into service since its last failure/,
    );
  });
});
