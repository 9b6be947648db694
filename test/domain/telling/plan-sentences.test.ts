import { describe, expect, it } from 'vitest';
import {
  tellGroupPlan,
  tellGroupRefusal,
  tellSelectionRefusal,
} from '../../../functions/domain/telling/plan-sentences.ts';

describe('tellSelectionRefusal', () => {
  const tooMany = { because: 'TOO_MANY_GROUPS', groupsFound: 3, groupsMax: 2 } as const;
  it.each([
    [
      'held',
      '3 groups match, more than the 2 that groupsMax allows; nothing was held. Narrow the targets or raise groupsMax.',
    ],
    [
      'drained',
      '3 groups match, more than the 2 that groupsMax allows; nothing was drained. Narrow the targets or raise groupsMax.',
    ],
  ] as const)('says what was not done: %s', (deed, sentence) => {
    expect(tellSelectionRefusal(tooMany, deed)).toBe(sentence);
  });
  it('tells none found from each refused', () => {
    expect(tellSelectionRefusal({ because: 'NO_GROUP_MATCHES' }, 'resized')).toBe(
      'no group can be resized: none matches the targets and carries holdfast=true',
    );
    expect(tellSelectionRefusal({ because: 'EVERY_GROUP_REFUSED' }, 'resized')).toBe(
      'none of these groups can be resized now, for the reasons below',
    );
  });
});

describe('tellGroupRefusal', () => {
  it('says what to do about more instances than can be protected', () => {
    expect(
      tellGroupRefusal({ because: 'TOO_MANY_INSTANCES', instancesInService: 2001, instancesMax: 2000 }),
    ).toContain('2001 instances are in service, more than the 2000 of one group');
  });
});

describe('tellGroupPlan', () => {
  const plan = { action: 'HOLD', autoScalingGroupName: 'web', because: 'ASKED_FOR', calls: [] } as const;
  it('says what a live run will do, and what a dry run would', () => {
    expect(tellGroupPlan({ ...plan, calls: [] }, 'live')).toBe('will be held');
    expect(tellGroupPlan({ ...plan, calls: [] }, 'dry-run')).toBe('would be held');
  });
});
