import { describe, expect, it } from 'vitest';
import { decideApply } from '../../../functions/domain/holds/decide-apply.ts';
import { decideRelease } from '../../../functions/domain/holds/decide-release.ts';
import { leaseSeconds } from '../../../functions/domain/limits.ts';
import { aGroup, aHoldOnTerminate, anIncident, aRecord, later, now } from './group-fixtures.ts';

const oldArn = 'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:old:autoScalingGroupName/web';
const newArn = oldArn.replace(':old:', ':new:');
const release = { incidentId: 'incident-a', settleSeconds: 180, owner: 'me' };

describe('a function that died, or was late', () => {
  const { holds, imposed } = aHoldOnTerminate('incident-a');
  const recorded = imposed.map(({ setting }) => ({ setting, recordedAt: now }));
  const settling = holds.map((hold) => ({ ...hold, stage: 'SETTLING' as const }));

  it('may have called until its lease ran out: what it was to put in force is given back though it does not show', () => {
    const lease = { owner: 'dead', expiresAt: later(leaseSeconds) };
    const record = aRecord({ version: 2, holds: settling, imposed: recorded, lease });
    const decision = decideRelease(aGroup(), record, release, later(leaseSeconds + 20));
    expect(decision).toMatchObject({ action: 'WRITE', calls: [{ operation: 'ResumeProcesses' }] });
    // Without a lease it was recorded long ago, and what does not show is not in force.
    const { lease: _lease, ...known } = record;
    expect(decideRelease(aGroup(), known, release, later(leaseSeconds + 20))).toMatchObject({ isDone: true });
  });

  it('may have met the group that was made anew: only what was put in force since is given back', () => {
    const group = aGroup({ autoScalingGroupArn: newArn, createdAt: later(50), suspendedProcesses: [] });
    const record = aRecord({
      version: 2,
      autoScalingGroupArn: oldArn,
      arnSeenAt: later(-3600),
      holds: settling,
      imposed: [
        { setting: 'Terminate', recordedAt: later(60), appliedAt: later(60) },
        { setting: 'Launch', recordedAt: later(-600), appliedAt: later(-600) },
      ],
    });
    const shown = { ...group, suspendedProcesses: ['Terminate'] };
    expect(decideRelease(shown, record, release, later(300))).toMatchObject({
      calls: [{ operation: 'ResumeProcesses', input: { ScalingProcesses: ['Terminate'] } }],
    });
  });

  it('waits while descriptions of a group made anew do not agree', () => {
    const record = aRecord({ version: 2, autoScalingGroupArn: newArn, arnSeenAt: now, holds, imposed });
    const before = aGroup({ autoScalingGroupArn: oldArn });
    expect(decideApply(anIncident(), before, record, 'me', later(30)).action).toBe('BUSY');
    expect(decideRelease(before, record, release, later(30)).action).toBe('BUSY');
    expect(decideApply(anIncident(), before, record, 'me', later(600)).action).toBe('WRITE');
  });
});
