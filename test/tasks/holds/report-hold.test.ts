import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import { createReportHold, summariseHold } from '../../../functions/tasks/holds/report-hold.ts';
import { createMemoryStore } from '../../../rehearsal/memory-store.ts';
import { now } from '../../domain/holds/group-fixtures.ts';

const entry = (
  event: JournalEntry['event'],
  autoScalingGroupName: string,
  over: Partial<JournalEntry> = {},
): JournalEntry => ({ at: now, event, autoScalingGroupName, text: `${event} it`, ...over });
const held = (...names: string[]): JournalEntry[] =>
  names.flatMap((name) => [entry('planned', name), entry('held', name)]);
const plan = { action: 'HOLD', incidentId: 'i' } as const;
/** What is told first: the headline, and how many were held and given back. */
const told = (journal: JournalEntry[], notGivenBack = 0): string[] => {
  const { headline, done } = summariseHold(journal, plan, notGivenBack);
  return [headline, ...done];
};

describe('summariseHold', () => {
  it.each<[string, JournalEntry[], string[]]>([
    [
      'all was given back',
      [...held('a', 'b'), entry('given-back', 'a'), entry('given-back', 'b')],
      ['Hold ended', 'Holdfast held 2 groups and gave all of them back.'],
    ],
    [
      'one could not be',
      [...held('a', 'b'), entry('given-back', 'a')],
      ['Cannot be given back', 'Holdfast held 2 groups, and gave back only 1 of them.'],
    ],
    [
      'one was refused from the start',
      [...held('a'), entry('refused', 'b'), entry('given-back', 'a')],
      ['Hold ended', 'Holdfast held 1 of 2 groups and gave it back.'],
    ],
    [
      'one was deleted meanwhile',
      [...held('a', 'b'), entry('gone', 'b'), entry('given-back', 'a')],
      [
        'Hold ended',
        'Holdfast held 2 groups, and gave back 1 of them.',
        '1 group was deleted during the hold.',
      ],
    ],
    [
      'each was deleted, one of them made anew',
      [...held('a', 'b'), entry('gone', 'b'), entry('replaced', 'a')],
      ['Hold ended', 'Holdfast held 2 groups.', '2 groups were deleted during the hold.'],
    ],
    [
      'one was made anew, and held and given back as the new one',
      [...held('a'), entry('replaced', 'a'), entry('held', 'a'), entry('given-back', 'a')],
      ['Hold ended', 'Holdfast held 1 group and gave it back.'],
    ],
    [
      'one was gone before anything was held of it',
      [...held('a'), entry('planned', 'b'), entry('gone', 'b'), entry('given-back', 'a')],
      ['Hold ended', 'Holdfast held 1 of 2 groups and gave it back.'],
    ],
    [
      'one was held by somebody who died before he could say so',
      [entry('planned', 'a'), entry('given-back', 'a', { because: 'NOTHING_LEFT' })],
      [
        'Hold ended',
        'Holdfast held 1 group.',
        'In 1 group there was nothing to give back: other holds need it still, or others had set it before.',
      ],
    ],
    [
      'one was held, made anew, and the new one never held',
      [...held('a'), entry('replaced', 'a'), entry('given-back', 'a', { because: 'NEVER_HELD' })],
      ['Hold ended', 'Holdfast held 1 group.', '1 group was deleted during the hold.'],
    ],
    [
      'one was held and made anew, and nobody could say so',
      [...held('a'), entry('given-back', 'a', { because: 'NEVER_HELD' })],
      [
        'Hold ended',
        'Holdfast held 1 group.',
        'In 1 group there was nothing to give back: other holds need it still, or others had set it before.',
      ],
    ],
    [
      'one was never held',
      [...held('a'), entry('given-back', 'a'), entry('given-back', 'b', { because: 'NEVER_HELD' })],
      ['Hold ended', 'Holdfast held 1 group and gave it back.'],
    ],
    [
      'another hold needs one, one was deleted, and one could not be given back',
      [
        ...held('a', 'b', 'c', 'd'),
        entry('given-back', 'a'),
        entry('given-back', 'b', { because: 'NOTHING_LEFT' }),
        entry('gone', 'c'),
      ],
      [
        'Cannot be given back',
        'Holdfast held 4 groups, and gave back 1 of them.',
        '1 of them could not be given back.',
        '1 group was deleted during the hold.',
        'In 1 group there was nothing to give back: other holds need it still, or others had set it before.',
      ],
    ],
  ])('says what became of its groups, where %s', (_what, journal, expected) => {
    expect(told(journal)).toEqual(expected);
  });

  it('counts as held what could not be given back, although nobody knows whether it was in force', () => {
    expect(told([entry('planned', 'a')], 1)).toEqual([
      'Cannot be given back',
      'Holdfast held 1 group, and gave back nothing.',
    ]);
  });

  it.each([
    ['DONE', 'Hold ended', 'Holdfast held 1 group and gave it back.', 0],
    ['GIVE_UP', 'Hold ended', 'Holdfast held 1 group and gave it back.', 0],
    ['GIVE_UP', 'Cannot be given back', 'Holdfast held 1 group, and gave back nothing.', 1],
  ])(
    'says what is so where whoever gave back died before saying so (%s)',
    async (action, headline, what, left) => {
      const store = createMemoryStore();
      const incidentId = 'incident-a';
      const stuck = entry('not-given-back', 'a', {
        because: 'NOT_OPTED_IN',
        text: 'no tag',
        todo: ['tag it'],
      });
      await store.appendJournal(incidentId, [...held('a'), stuck, entry('giving-back', 'a')]);
      const reportHold = createReportHold({ store, clock: { now: () => now } });
      const report = await reportHold({
        plan: { action: 'HOLD', incidentId },
        release: { action, remaining: left },
      });
      expect(report).toMatchObject({ headline, done: [what], todo: left === 0 ? [] : ['a: tag it'] });
    },
  );

  it('says of a closed incident what stayed, and nothing of groups that are gone', async () => {
    const store = createMemoryStore();
    const incidentId = 'incident-a';
    await store.appendJournal(incidentId, [
      ...held('a', 'b'),
      { at: now, event: 'not-given-back', text: '1 group could not be given back' },
      entry('not-given-back', 'a', { because: 'NOT_OPTED_IN', todo: ['tag it'] }),
      entry('gone', 'a'),
      entry('left', 'b', { because: 'STAYED_PROTECTED', todo: ['remove its protection'] }),
    ]);
    const reportHold = createReportHold({ store, clock: { now: () => now } });
    expect(
      await reportHold({ plan: { action: 'HOLD', incidentId }, release: { action: 'DONE', remaining: 0 } }),
    ).toMatchObject({
      headline: 'Cannot be given back',
      done: [
        'Holdfast held 2 groups.',
        '1 of them could not be given back.',
        '1 group was deleted during the hold.',
      ],
      attention: ['b: left it', 'a: gone it'],
      todo: ['b: remove its protection'],
    });
  });

  it('says why it ended', () => {
    const journal = [...held('a'), entry('releasing', 'a', { text: 'the alarm has been OK for 5 min' })];
    expect(told([...journal, entry('given-back', 'a')]).at(-1)).toBe(
      'The hold ended because the alarm has been OK for 5 min.',
    );
  });
});
