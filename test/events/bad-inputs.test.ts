import { describe, expect, it } from 'vitest';
import type { Remediation } from '../../functions/domain/remediation-names.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';

const well = { autoScalingGroupName: 'web', reason: 'switch upgrade' };

/** What is wrong with an input, a line each; in the end a correct one. */
const said = (input: unknown, remediation: Remediation = 'pause-scaling'): string[] => {
  try {
    parseHoldInput(remediation, input);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
};

const bad: [string, unknown, string, Remediation?][] = [
  ['no object', 'web', 'the value itself: found "web"; allowed: an object'],
  ['a list', ['web'], 'the value itself: found ["web"]; allowed: an object'],
  ['nothing', null, 'the value itself: found nothing; allowed: an object'],
  [
    'no group',
    { reason: 'switch upgrade' },
    'autoScalingGroupName: found nothing; allowed: either autoScalingGroupName or tags, and not both',
  ],
  ['no reason', { autoScalingGroupName: 'web' }, 'reason: found nothing; allowed: a text'],
  ['a short reason', { ...well, reason: 'x' }, 'reason: found "x"; allowed: at least 3 characters'],
  ['a reason that is a number', { ...well, reason: 7 }, 'reason: found 7; allowed: a text; quote it: "7"'],
  [
    'a misspelt group',
    { autoScalingGroupNam: 'web', reason: 'switch upgrade' },
    'the value itself: found the unknown field autoScalingGroupNam; allowed: one of autoScalingGroupName, tags, reason',
  ],
  [
    'a name in other letters',
    { autoscalinggroupname: 'web', reason: 'switch upgrade' },
    'Did you mean "autoScalingGroupName"?',
  ],
  [
    'group and tags',
    { ...well, tags: { tier: 'web' } },
    'allowed: either autoScalingGroupName or tags, and not both',
  ],
  [
    'a group that is a number',
    { ...well, autoScalingGroupName: 7 },
    'autoScalingGroupName: found 7; allowed: a name, or a list of names',
  ],
  [
    'a number among groups',
    { ...well, autoScalingGroupName: ['web', 7] },
    'autoScalingGroupName.1: found 7; allowed: a text; quote it: "7"',
  ],
  [
    'no group in the list',
    { ...well, autoScalingGroupName: [] },
    'autoScalingGroupName: found []; allowed: ',
  ],
  [
    'a tag that is a number',
    { tags: { tier: 1 }, reason: 'switch upgrade' },
    'tags.tier: found 1; allowed: a text; quote it: "1"',
  ],
  [
    'tags that are a text',
    { tags: 'tier=web', reason: 'switch upgrade' },
    'tags: found "tier=web"; allowed: an object',
  ],
  [
    'a duration without a unit',
    { ...well, expiresAfter: 2 },
    'expiresAfter: found 2; allowed: one whole number and one unit, such as "90s", "90m", "2h" or "1d"',
  ],
  [
    'a duration that is too short',
    { ...well, expiresAfter: '5m' },
    'expiresAfter: found "5m"; allowed: from 10m to 24h',
  ],
  [
    'a misspelt choice',
    { ...well, block: 'everything' },
    'block: found "everything"; allowed: "scale-in" or "all"',
  ],
  [
    'a yes that is a text',
    { ...well, dryRun: 'true' },
    'dryRun: found "true"; allowed: true or false, without quotes',
  ],
  [
    'a field of another remediation',
    { ...well, olderThan: '20m' },
    'the value itself: found the unknown field olderThan; allowed: one of',
  ],
  [
    'a misspelt until',
    { ...well, until: 'launch-succeeds' },
    'until: found "launch-succeeds"; allowed: "expiry" or "launches-succeed". Did you mean "launches-succeed"?',
    'protect-instances',
  ],
  [
    'limits that contradict each other',
    { ...well, atOnce: 10, perHour: 9 },
    'perHour: found 9; allowed: at least atOnce',
    'drain-pending-wait',
  ],
  [
    'no type to resize to',
    { ...well, instanceTypes: 'big' },
    'instanceTypes: found "big"; allowed: an instance type such as "m7i.xlarge"',
    'resize-in-place',
  ],
  [
    'an incident of nobody',
    { giveBack: 'loss-1' },
    'giveBack: found "loss-1"; allowed: the ARN of an execution',
  ],
];

describe('a bad input by hand', () => {
  it.each(bad)(
    'with %s says the field, what was found and what is allowed, and nothing else',
    (_what, input, expected, remediation) => {
      const [first, ...rest] = said(input, remediation);
      expect(first).toBe('The input of this execution is not valid; nothing was changed.');
      expect(rest).toEqual([
        expect.stringContaining(expected),
        expect.stringMatching(/^A correct input by hand: \{.*"reason":/),
      ]);
      expect(rest[0]).toMatch(/^.+: found .+; allowed: \S.*$/);
    },
  );

  it('of which there are enough', () => {
    expect(bad.length).toBeGreaterThanOrEqual(20);
  });
});
