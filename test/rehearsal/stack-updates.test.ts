import { describe, expect, it } from 'vitest';
import { type RollingUpdate, recommendedSuspensions } from '../../rehearsal/cloud/cloudformation.ts';
import type { Quirks, SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Deed } from '../../rehearsal/incident.ts';
import { calm, groupOf, startOf } from './launch-incident.ts';
import { journalOf, minutes, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

const stack = 'shop';
const update: RollingUpdate = {
  suspendProcesses: recommendedSuspensions,
  maxBatchSize: 1,
  minInstancesInService: 4,
  pauseSeconds: 3600,
};

const updateAt = (atSeconds: number, over: Partial<RollingUpdate> = {}): Deed => ({
  atSeconds,
  text: 'a deployment updates the stack',
  act: (cloud) => cloud.cloudFormation.updateStack(stack, groupOf(cloud, 'web'), { ...update, ...over }),
});

const holdAt = (atSeconds: number, remediation = 'protect-instances', expiresAfter = '90m'): Deed =>
  startOf(remediation, 'by-hand', { autoScalingGroupName: 'web', reason: 'a test', expiresAfter }, atSeconds);

const rehearse = async (deeds: Deed[], quirks: Partial<Quirks> = {}) => {
  const suspended: [number, string[]][] = [];
  const look = (cloud: SimulatedCloud) =>
    suspended.push([cloud.time.elapsedSeconds() / 60, [...groupOf(cloud, 'web').suspended.keys()].sort()]);
  const { result, cloud } = await rehearseSmall(
    smallIncident({
      losses: [],
      groups: [
        smallGroup('web', {
          tags: { tier: 'web', holdfast: 'true', 'aws:cloudformation:stack-name': stack },
        }),
      ],
      deeds: [...deeds, ...[50, 80].map((minute) => ({ atSeconds: minutes(minute), text: '', act: look }))],
      durationSeconds: minutes(180),
    }),
    { quirks: { ...calm, ...quirks } },
  );
  const lines = journalOf(cloud);
  return { result, web: groupOf(cloud, 'web'), suspended: Object.fromEntries(suspended), lines, cloud };
};

const ofProtection = ['AZRebalance', 'HealthCheck', 'InstanceRefresh', 'ReplaceUnhealthy'];

describe('a rolling update of CloudFormation', () => {
  it.each([true, false])(
    'that ends during a hold is no person: what it resumed is suspended again (resumes what others suspended: %s)',
    async (updateResumesWhatOthersSuspended) => {
      const { result, web, suspended, lines, cloud } = await rehearse([holdAt(60), updateAt(minutes(8))], {
        updateResumesWhatOthersSuspended,
      });
      expect(result.violations).toEqual([]);
      expect(cloud.cloudFormation.stacks.get(stack)?.status).toBe('UPDATE_COMPLETE');
      expect(lines.filter((line) => line.startsWith('overridden'))).toEqual([]);
      expect(lines.some((line) => line.startsWith('in-progress: web: an update of its CloudFormation'))).toBe(
        true,
      );
      expect(lines.some((line) => line.startsWith('update-ended: web'))).toBe(true);
      expect(lines.some((line) => line.startsWith('taken-back-by-update: web'))).toBe(
        updateResumesWhatOthersSuspended,
      );
      expect(suspended[80]).toEqual(ofProtection);
      expect([...web.suspended.keys()]).toEqual([]);
      expect([web.minSize, web.desiredCapacity]).toEqual([1, 4]);
    },
  );

  it('that was in progress before the hold leaves nothing suspended when both are over', async () => {
    const { result, web, suspended, lines } = await rehearse([updateAt(60), holdAt(minutes(4))]);
    expect(result.violations).toEqual([]);
    expect(lines.filter((line) => line.startsWith('overridden'))).toEqual([]);
    expect(suspended[80]).toEqual(ofProtection);
    expect([...web.suspended.keys()]).toEqual([]);
    expect([web.minSize, web.desiredCapacity]).toEqual([1, 4]);
  });

  it.each([200, 230, 260, 290, 320, 350])(
    'that ends at any moment between two looks is no person (begun at second %i)',
    async (atSeconds) => {
      const { lines, suspended } = await rehearse([holdAt(60, 'protect-instances'), updateAt(atSeconds)], {
        updateResumesWhatOthersSuspended: true,
      });
      expect(lines.filter((line) => line.startsWith('overridden'))).toEqual([]);
      expect(suspended[80]).toEqual(ofProtection);
    },
  );

  it('stalls and fails while Terminate is suspended, and people are warned of it', async () => {
    const { lines, cloud, web, result } = await rehearse([
      holdAt(60, 'pause-scaling'),
      updateAt(minutes(8), { pauseSeconds: 1800 }),
    ]);
    expect(cloud.cloudFormation.stacks.get(stack)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(lines.filter((line) => line.startsWith('in-progress'))).toHaveLength(1);
    expect(lines.join()).toContain('may stall, fail and roll back');
    expect(result.messages.some(({ text }) => text.includes('may stall, fail and roll back'))).toBe(true);
    expect([...web.suspended.keys()]).toEqual([]);
    expect([web.minSize, web.desiredCapacity]).toEqual([1, 4]);
  });

  it('ends with the minimum of the template, whatever it was when the update began', async () => {
    const lower: Deed = {
      atSeconds: 60,
      text: '',
      act: (cloud) => {
        groupOf(cloud, 'web').minSize = 0;
      },
    };
    const { web, cloud } = await rehearse([lower, updateAt(minutes(8))]);
    expect(cloud.cloudFormation.stacks.get(stack)?.status).toBe('UPDATE_COMPLETE');
    expect([web.minSize, web.desiredCapacity]).toEqual([1, 4]);
  });

  it('of another group of the account is none of ours', async () => {
    const { lines } = await rehearse([
      holdAt(60),
      { atSeconds: 90, text: '', act: ({ cloudFormation }) => cloudFormation.updateStack('other') },
    ]);
    expect(lines.filter((line) => /^(in-progress|update-ended|failed)/.test(line))).toEqual([]);
  });
});
