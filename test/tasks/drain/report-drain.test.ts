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
    { ...entry('left', 'i-5'), todo: ['end it: aws …'] },
    entry('breaker-opened', 'i-6'),
  ];

  it('counts each instance once, and shows what needs a person', () => {
    expect(summariseDrain(journal, { action: 'HOLD' })).toEqual({
      headline: '1 left for you, 1 stuck launch terminated',
      done: [
        'Holdfast terminated 1 launch stuck in Pending:Wait, and left 1 for you.',
        'The breaker opened in 1 group.',
      ],
      stuck: 2,
      drained: 1,
      evidenceKept: 1,
      todo: [{ groups: ['api'], text: 'end it: aws …' }],
      attention: [{ text: 'left i-5' }],
      details: [
        '03:00 UTC breaker-opened i-6',
        '2 attempts failed and were repeated; the journal says which',
      ],
      attentionLeftOut: 0,
    });
  });

  it.each([
    ['REPORT', 'A stage that is live would now terminate 0 of 2 launches stuck in Pending:Wait.'],
    ['REFUSE', 'Nothing was changed: no group matches.'],
  ] as const)('of %s says: %s', (action, sentence) => {
    expect(summariseDrain(journal, { action, reason: 'no group matches' }).done).toEqual([sentence]);
  });

  it('says of a dry run how many would be drained at once, and how many wait', () => {
    const planned = [
      { ...entry('planned', 'i-1'), because: 'DRAIN' },
      { ...entry('planned', 'i-2'), because: 'BREAKER_OPEN' },
    ];
    expect(summariseDrain(planned, { action: 'REPORT' }).done).toEqual([
      'A stage that is live would now terminate 1 of 2 launches stuck in Pending:Wait.',
    ]);
  });

  it('keeps a report readable, whatever was written', () => {
    const many = Array.from({ length: 60 }, (_, n) => entry('left', `i-${n}`, `${n} ${'x'.repeat(5000)}`));
    const report = summariseDrain(many, { action: 'HOLD' });
    expect(report.attention).toHaveLength(50);
    expect(report.attentionLeftOut).toBe(10);
    expect(Math.max(...report.attention.map(({ text }) => text.length))).toBeLessThan(1030);
  });
});
