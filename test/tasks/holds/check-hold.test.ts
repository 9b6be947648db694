import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../functions/domain/incident.ts';
import type { JournalEntry } from '../../../functions/domain/journal.ts';
import type { Store } from '../../../functions/state/store.ts';
import { createCheckHold } from '../../../functions/tasks/holds/check-hold.ts';

const incident = {
  incidentId: 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-protect-instances:a',
  remediation: 'protect-instances',
  reason: 'launches fail',
  mode: 'live',
  untilLaunchesSucceed: true,
  status: 'HELD',
  startedAt: '2026-01-05T03:00:00.000Z',
  expiresAt: '2026-01-05T05:00:00.000Z',
  settings: { holdAtMostSeconds: 43_200, expiresAfterSeconds: 3600, coolOffSeconds: 0 },
} as Incident;

describe('createCheckHold', () => {
  it('writes a line when launches begin to fail, and none when they cannot be read for a round', async () => {
    const journal: JournalEntry[] = [];
    const store = {
      readIncident: async () => incident,
      changeIncident: async () => incident,
      appendJournal: async (_id: string, entries: JournalEntry[]) => void journal.push(...entries),
    } as unknown as Store;
    const checkHold = createCheckHold({
      cloudWatch: {} as never,
      killSwitch: { read: async () => ({ mode: 'live' }) },
      store,
      clock: { now: () => '2026-01-05T03:30:00.000Z' },
      stageMode: 'live',
    });
    const failing = { succeedAgain: false, waitingGroups: 2 };
    let check: Awaited<ReturnType<typeof checkHold>> | undefined;
    for (const launches of [failing, undefined, failing, undefined]) {
      check = await checkHold({
        plan: { incidentId: incident.incidentId },
        applied: { round: 3, ...(launches === undefined ? {} : { launches }) },
        ...(check === undefined ? {} : { check }),
      } as unknown as Parameters<typeof checkHold>[0]);
    }

    expect(journal.map(({ event, because }) => [event, because])).toEqual([['kept', 'LAUNCHES_FAIL']]);
    expect(check).toMatchObject({ action: 'KEEP', because: 'LAUNCHES_FAIL' });
  });
});
