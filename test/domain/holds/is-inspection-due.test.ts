import { describe, expect, it } from 'vitest';
import { isInspectionDue } from '../../../functions/domain/holds/is-inspection-due.ts';
import {
  inspectAgainAfterSeconds,
  inspectEverySeconds,
  inspectLaterAfterSeconds,
  inspectLaterEverySeconds,
  inspectSuspectsEverySeconds,
} from '../../../functions/domain/limits.ts';
import { later, now } from './group-fixtures.ts';

const incident = { startedAt: now };
const quiet = { at: later(1), isUnfinished: false, suspects: 0 };

describe('isInspectionDue', () => {
  it('is so at first', () => {
    expect(isInspectionDue(incident, undefined, undefined, now)).toBe(true);
  });

  it.each([
    ['all is well', quiet, inspectEverySeconds],
    ['a newcomer did not work', { ...quiet, suspects: 1 }, inspectSuspectsEverySeconds],
    ['it did not get to every group', { ...quiet, isUnfinished: true }, inspectAgainAfterSeconds],
    ['it failed', undefined, inspectEverySeconds],
    ['only one before it did not fail', { ...quiet, at: later(-1), isUnfinished: true }, inspectEverySeconds],
  ])('comes again when %s', (_what, inspected, seconds) => {
    expect(isInspectionDue(incident, now, inspected, later(seconds - 1))).toBe(false);
    expect(isInspectionDue(incident, now, inspected, later(seconds))).toBe(true);
  });

  it('comes less often once the hold is old', () => {
    const askedAt = later(inspectLaterAfterSeconds + 1);
    const inspected = { at: askedAt, isUnfinished: true, suspects: 1 };
    const at = (seconds: number) => later(inspectLaterAfterSeconds + 1 + seconds);
    expect(isInspectionDue(incident, askedAt, inspected, at(inspectLaterEverySeconds - 1))).toBe(false);
    expect(isInspectionDue(incident, askedAt, inspected, at(inspectLaterEverySeconds))).toBe(true);
  });
});
