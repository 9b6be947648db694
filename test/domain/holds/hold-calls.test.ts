import { describe, expect, it } from 'vitest';
import { launchBreakerEffect } from '../../../functions/domain/drain/settings.ts';
import { holdCalls } from '../../../functions/domain/holds/hold-calls.ts';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import { resizeEffect } from '../../../functions/domain/resize/settings.ts';

describe('holdCalls', () => {
  it.each([
    ['pause-scaling', pauseScalingEffect('scale-in')],
    ['pause-scaling', pauseScalingEffect('all')],
    ['protect-instances', protectInstancesEffect],
    ['drain-pending-wait', launchBreakerEffect],
    ['resize-in-place', resizeEffect],
  ] as const)('says for %s why each process is suspended', (remediation, { processes }) => {
    const [call] = holdCalls('web', processes, remediation);
    const reasons = [call?.reason ?? []].flat();
    expect(reasons.map((reason) => reason.split(':')[0])).toEqual(expect.arrayContaining([...processes]));
    // What stands where no reason of its own is known: another remediation put the process into this hold.
    expect(reasons.join()).not.toContain('another hold on the group wants it');
  });
});
