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
    expect(holdTagCall(aGroup(), 'prod holds it: x', 'prod')).toMatchObject({
      operation: 'CreateOrUpdateTags',
      input: {
        Tags: [{ ResourceId: 'web', Key: holdTagKey, Value: 'prod holds it: x', PropagateAtLaunch: false }],
      },
    });
  });

  it('leaves alone what another stage, or a person, wrote there', () => {
    expect(holdTagCall(tagged, undefined, 'staging')).toBeUndefined();
    expect(holdTagCall(tagged, 'staging holds it: y', 'staging')).toBeUndefined();
  });

  it('removes only its own', () => {
    expect(holdTagCall(tagged, undefined, 'prod')).toMatchObject({
      operation: 'DeleteTags',
      input: { Tags: [{ ResourceId: 'web', ResourceType: 'auto-scaling-group', Key: holdTagKey }] },
    });
  });
});
