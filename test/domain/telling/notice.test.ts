import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import { isOverdue, metricsOf } from '../../../functions/domain/telling/metrics.ts';
import { toNotice } from '../../../functions/domain/telling/notice.ts';
import { noticesIn } from '../../../functions/domain/telling/told-at-once.ts';
import { anIncident, later, now } from '../holds/group-fixtures.ts';

const entry = (
  event: JournalEntry['event'],
  name: string,
  message = `${event} of ${name}`,
): JournalEntry => ({
  at: now,
  event,
  autoScalingGroupName: name,
  message,
});

describe('noticesIn', () => {
  it('tells at once what a person should know, each once', () => {
    const notices = noticesIn('i', [
      entry('held', 'a'),
      entry('overridden', 'a'),
      entry('overridden', 'b'),
      entry('left', 'c'),
      entry('failed', 'd'),
    ]);
    expect(notices.map(({ kind, groups, done }) => [kind, groups, done])).toEqual([
      ['overridden', ['a'], [{ text: 'overridden of a' }]],
      ['overridden', ['b'], [{ text: 'overridden of b' }]],
      ['needs-a-person', ['c'], [{ text: 'left of c' }]],
    ]);
  });

  it('gives what a person can do to each of its groups', () => {
    const todo = ['suspend it again: aws …'];
    const [notice] = noticesIn('i', [{ ...entry('overridden', 'web'), todo }]);
    expect(notice?.todo).toEqual([{ groups: ['web'], text: 'suspend it again: aws …' }]);
  });

  it('makes one notice of very many, whose order says nothing', () => {
    const many = Array.from({ length: 21 }, (_, index) => entry('overridden', `g-${index}`));
    const [notice, ...others] = noticesIn('i', many);
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ groupsLeftOut: 1, leftOut: { todo: 0, done: 1, details: 0 } });
    expect(noticesIn('i', many.toReversed())[0]?.identity).toBe(notice?.identity);
  });

  it('says nothing of what goes well, nor of what is tried again', () => {
    expect(noticesIn('i', [entry('held', 'a'), entry('failed', 'a'), entry('given-back', 'a')])).toEqual([]);
  });
});

describe('the identity of a notice', () => {
  const key = (about: string, kind: 'acted' | 'failed' = 'acted', incidentId = 'i') =>
    toNotice({ kind, at: now, incidentId, about, headline: 'x' }).identity;

  it('is the same for the same, whenever and however it is said, and another for anything else', () => {
    expect(key('a')).toBe(
      toNotice({ kind: 'acted', at: later(5), incidentId: 'i', about: 'a', headline: 'y' }).identity,
    );
    expect(new Set([key('a'), key('b'), key('a', 'failed'), key('a', 'acted', 'j')]).size).toBe(4);
    expect(key('x'.repeat(5000)).length).toBeLessThan(100);
  });
});

describe('isOverdue', () => {
  const held = anIncident({ expiresAt: now });
  const releasing = anIncident({ status: 'RELEASING', releasingSince: now });
  it.each([
    ['expired 15 minutes ago', held, 900, false],
    ['expired longer ago', held, 901, true],
    ['is given back for an hour and a half', releasing, 5400, false],
    ['is given back for longer', releasing, 5401, true],
    ['is a resize that is brought home', { ...releasing, remediation: 'resize-in-place' }, 16_200, false],
    ['is a resize that never comes home', { ...releasing, remediation: 'resize-in-place' }, 16_201, true],
  ] as const)('of what %s', (_what, incident, seconds, expected) => {
    expect(isOverdue(incident, later(seconds))).toBe(expected);
  });
});

describe('metricsOf', () => {
  it('counts what was done, and what is for a person', () => {
    const notice = (kind: 'acted' | 'failed' | 'refused', counts = {}) =>
      toNotice({ kind, at: now, incidentId: 'i', headline: 'x', counts });
    expect(metricsOf(notice('acted', { instancesDrained: 2, secondsFromAlarmToHold: 7 }))).toEqual({
      InstancesDrained: 2,
      SecondsFromAlarmToHold: 7,
    });
    expect(metricsOf(notice('failed'))).toEqual({ NeedsAPerson: 1 });
    expect(metricsOf(notice('refused'))).toEqual({ Refusals: 1 });
  });
});
