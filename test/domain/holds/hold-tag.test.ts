import { describe, expect, it } from 'vitest';
import {
  holdersIn,
  holdTagCall,
  holdTagKey,
  holdTagPrefix,
  holdTagValue,
} from '../../../functions/domain/holds/hold-tag.ts';
import { aGroup } from './group-fixtures.ts';

const hold = (
  remediation: string,
  name: string,
  reason = 'the alarm "loss" (tgw) is in ALARM; since 3 a.m.',
) => ({
  incidentId: `arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-${remediation}:${name}`,
  reason,
  endsAtLatest: '2026-03-02T15:00:00.000Z',
});

describe('holdTagValue', () => {
  it('says in one line who holds the group, until when, and why, in what a tag may have', () => {
    expect(holdTagValue([hold('pause-scaling', 'loss-1')])).toBe(
      'prod holds it: pause-scaling until 2026-03-02 15:00 UTC at the latest: the alarm loss tgw is in ALARM since 3 a.m. - loss-1',
    );
  });

  it('names every hold, and stays within what a tag may have', () => {
    const value = holdTagValue([
      hold('pause-scaling', 'loss-1', 'x'.repeat(500)),
      hold('protect-instances', 'launches-2', 'y'.repeat(500)),
    ]);
    expect(value).toMatch(
      /^prod holds it: pause-scaling until [-\d: ]+ UTC at the latest - loss-1 \+ protect-instances until [-\d: ]+ UTC at the latest - launches-2$/,
    );
    expect(value?.length).toBeLessThanOrEqual(256);
  });

  it('says why, where there is room for all of it', () => {
    const value = holdTagValue([hold('pause-scaling', 'loss-1', 'a switch is upgraded')]);
    expect(value).toMatch(/at the latest: a switch is upgraded - loss-1$/);
  });

  it.each([3, 4, 6, 10])('of %i holds leaves out what does not fit, and cuts no word in two', (count) => {
    const names = Array.from(
      { length: count },
      (_, n) => `launches-failing-20260302030000-${n}${'f'.repeat(15)}`,
    );
    const value = holdTagValue(names.map((name) => hold('protect-instances', name))) ?? '';
    expect(value.length).toBeLessThanOrEqual(256);
    const holders = holdersIn(value, 'prod').map(({ executionName }) => executionName);
    expect([...names, undefined]).toEqual(expect.arrayContaining(holders));
    if (holders.length === 0) expect(value).toContain(`${count} holds, which the table names`);
    else expect(holders).toEqual(names);
  });

  it('takes of a reason only what every service takes, and one space for the rest', () => {
    expect(holdTagValue([hold('pause-scaling', 'a', ' "why"\n\t(really)? ')])).toBe(
      'prod holds it: pause-scaling until 2026-03-02 15:00 UTC at the latest: why really - a',
    );
    expect(holdTagPrefix(' my  stage! ')).toBe('my stage holds it: ');
  });

  it('names no remediation that the ARN does not tell, and no end that nobody knows', () => {
    const incidentId = 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-pause-scaling:a';
    expect(holdTagValue([{ incidentId, reason: 'why' }])).toBe('prod holds it: pause-scaling: why - a');
  });

  const prefix = 'prod holds it: ';
  it('says why in just as many characters as a tag may have, and leaves it out in one more', () => {
    const around = `${prefix}pause-scaling until 2026-03-02 15:00 UTC at the latest:  - a`.length;
    const value = (length: number) => holdTagValue([hold('pause-scaling', 'a', 'x'.repeat(length))]);
    expect(value(256 - around)).toHaveLength(256);
    expect(value(257 - around)).toBe(`${prefix}pause-scaling until 2026-03-02 15:00 UTC at the latest - a`);
  });

  it('leaves out until when, then the names, then the remediations', () => {
    const told = (count: number, length: number) =>
      holdTagValue(
        Array.from({ length: count }, (_, n) => hold('pause-scaling', `${n}${'n'.repeat(length)}`)),
      );
    expect(told(3, 50)).toBe(
      `${prefix}${[0, 1, 2].map((n) => `pause-scaling - ${n}${'n'.repeat(50)}`).join(' + ')}`,
    );
    expect(told(4, 60)).toBe(
      `${prefix}4 holds, which the table names: ${Array(4).fill('pause-scaling').join(' + ')}`,
    );
    expect(told(20, 60)).toBe(`${prefix}20 holds, which the table names`);
  });

  it('is read again as it was written, and from nothing else', () => {
    const value =
      holdTagValue([hold('pause-scaling', 'a-1', 'x'), hold('protect-instances', 'b_2', 'y')]) ?? '';
    expect(holdersIn(value, 'prod')).toEqual([
      { remediation: 'pause-scaling', executionName: 'a-1' },
      { remediation: 'protect-instances', executionName: 'b_2' },
    ]);
    expect(holdersIn(`${prefix}pause-scaling: why - a b`, 'prod')).toEqual([]);
    expect(holdersIn(`${prefix}something else - a`, 'prod')).toEqual([]);
  });

  it('is nothing for no hold', () => {
    expect(holdTagValue([])).toBeUndefined();
  });

  it('begins with its stage, which no other stage takes for its own', () => {
    expect(holdTagValue([hold('pause-scaling', 'a')])?.startsWith(holdTagPrefix('prod'))).toBe(true);
    expect(holdTagValue([hold('pause-scaling', 'a')])?.startsWith(holdTagPrefix('pro'))).toBe(false);
  });
});

describe('holdTagCall', () => {
  const tagged = aGroup({ tags: { holdfast: 'true', [holdTagKey]: 'prod holds it: x' } });

  it('is none when the tag says what it should', () => {
    expect(holdTagCall(tagged, 'prod holds it: x', 'prod')).toBeUndefined();
    expect(holdTagCall(aGroup(), undefined, 'prod')).toBeUndefined();
  });

  it('sets the tag on the group alone', () => {
    expect(holdTagCall(aGroup(), 'prod holds it: x', 'prod')).toEqual({
      service: 'AutoScaling',
      operation: 'CreateOrUpdateTags',
      input: {
        Tags: [
          {
            ResourceId: 'web',
            ResourceType: 'auto-scaling-group',
            Key: 'holdfast-hold',
            Value: 'prod holds it: x',
            PropagateAtLaunch: false,
          },
        ],
      },
      reason: 'tag holdfast-hold: whoever looks at the group has to see who holds it',
    });
  });

  it('leaves alone what another stage, or a person, wrote there', () => {
    expect(holdTagCall(tagged, undefined, 'staging')).toBeUndefined();
    expect(holdTagCall(tagged, 'staging holds it: y', 'staging')).toBeUndefined();
  });

  it('removes only its own', () => {
    expect(holdTagCall(tagged, undefined, 'prod')).toEqual({
      service: 'AutoScaling',
      operation: 'DeleteTags',
      input: { Tags: [{ ResourceId: 'web', ResourceType: 'auto-scaling-group', Key: 'holdfast-hold' }] },
      reason: 'nothing holds the group any more',
    });
  });
});
