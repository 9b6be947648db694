import { describe, expect, it } from 'vitest';
import { drainSnapshotCall } from '../../../functions/domain/drain/drain-snapshot-call.ts';
import { remediations } from '../../../functions/domain/remediations.ts';
import { parseHoldInput } from '../../../functions/events/hold-input.ts';
import { anIncident } from '../holds/group-fixtures.ts';

const parse = (fields: object) => () =>
  parseHoldInput('drain-pending-wait', { autoScalingGroupName: 'web', reason: 'a test', ...fields });

describe('the limits of draining', () => {
  it.each([
    [{ atOnce: 5, perGroupPerHour: 6, perHour: 6 }, true],
    [{ atOnce: 5, perGroupPerHour: 6, perHour: 5 }, false],
    [{ atOnce: 7, perGroupPerHour: 6, perHour: 6 }, false],
    [{ probeAfter: '30m', probeAtMost: '30m' }, true],
    [{ probeAfter: '31m', probeAtMost: '30m' }, false],
  ])('%j fit together: %s', (fields, fit) => {
    if (fit) expect(parse(fields)).not.toThrow();
    else expect(parse(fields)).toThrow(/perHour: .*at least atOnce|probeAtMost: .*at least probeAfter/);
  });
});

describe('a drain', () => {
  const { isSameAffair } = remediations['drain-pending-wait'];
  it.each([
    [['a', 'b'], ['b', 'c'], true],
    [['a', 'b'], ['c'], false],
    [['a'], [], false],
  ])('of %j is the same affair as one of %j: %s', (held, asked, expected) => {
    expect(isSameAffair(anIncident(), {} as never, { held, asked })).toBe(expected);
  });

  it('snapshots an instance before it is ended, and says why', () => {
    const call = drainSnapshotCall('web', 'i-9');
    expect(call).toMatchObject({
      operation: 'CreateSnapshots',
      reason: 'the rule asks for a snapshot before anything is destroyed',
    });
    expect(JSON.stringify(call.input)).toContain('i-9');
    expect(JSON.stringify(call.input)).toContain('its launch was abandoned');
  });
});
