import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import { summariseDrain } from '../../../functions/tasks/drain/report-drain.ts';
import { now } from '../../domain/holds/group-fixtures.ts';

const entry = (
  event: JournalEntry['event'],
  instanceId: string,
  message = `${event} ${instanceId}`,
): JournalEntry => ({
  at: now,
  event,
  autoScalingGroupName: 'api',
  instanceId,
  message,
});

describe('summariseDrain', () => {
  const journal = [
    entry('planned', 'i-1'),
    entry('planned', 'i-2'),
    entry('evidence', 'i-1'),
    entry('drained', 'i-1'),
    entry('kept', 'i-2'),
    entry('failed', 'i-3', 'the same line'),
    entry('failed', 'i-4', 'the same line'),
    entry('left', 'i-5'),
    entry('breaker-opened', 'i-6'),
  ];

  it('counts each instance once, and shows what needs a person', () => {
    expect(summariseDrain(journal, 'HOLD')).toEqual({
      headline:
        'of what was stuck in Pending:Wait 1 instance was drained, 1 left for a person; launches failed again and again in 1 group',
      stuck: 2,
      drained: 1,
      evidenceKept: 1,
      attention: ['the same line', 'left i-5', 'breaker-opened i-6'],
      attentionLeftOut: 0,
    });
  });

  it.each([
    ['REPORT', '2 instances in Pending:Wait for too long, 0 of them would be drained at once'],
    ['REFUSE', 'nothing was done'],
  ] as const)('of %s says: %s', (action, headline) => {
    expect(summariseDrain(journal, action).headline).toBe(headline);
  });

  it('says of a dry run how many would be drained at once, and how many wait', () => {
    const planned = [
      { ...entry('planned', 'i-1'), because: 'DRAIN' },
      { ...entry('planned', 'i-2'), because: 'BREAKER_OPEN' },
    ];
    expect(summariseDrain(planned, 'REPORT').headline).toBe(
      '2 instances in Pending:Wait for too long, 1 of them would be drained at once',
    );
  });

  it('keeps a report readable, whatever was written', () => {
    const many = Array.from({ length: 60 }, (_, n) => entry('failed', `i-${n}`, `${n} ${'x'.repeat(5000)}`));
    const report = summariseDrain(many, 'HOLD');
    expect(report.attention).toHaveLength(50);
    expect(report.attentionLeftOut).toBe(10);
    expect(Math.max(...report.attention.map(({ length }) => length))).toBeLessThan(1030);
  });
});
