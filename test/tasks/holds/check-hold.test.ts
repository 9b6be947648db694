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
  it('ends what groups share a quarter of an hour after most are well, and starts the others alone', async () => {
    let stored: Incident = { ...incident, rule: 'failing', isShared: true };
    const deeds: string[] = [];
    let now = '2026-01-05T03:30:00.000Z';
    const checkHold = createCheckHold({
      cloudWatch: {} as never,
      killSwitch: { read: async () => ({ mode: 'live' }) },
      store: {
        readIncident: async () => stored,
        changeIncident: async (_id: string, change: Partial<Incident>) => {
          stored = { ...stored, ...change };
          deeds.push(Object.keys(change).join());
        },
        appendJournal: async () => undefined,
      } as unknown as Store,
      clock: { now: () => now },
      stageMode: 'live',
      stepFunctions: {
        startExecution: async (_arn: string, _name: string, input: unknown) => {
          deeds.push(`${stored.status} ${JSON.stringify(input)}`);
          return { started: true };
        },
      } as never,
      stateMachineArns: { 'protect-instances': 'arn' } as never,
    });
    const check = (stillFailing?: string[]) =>
      checkHold({
        plan: { incidentId: incident.incidentId },
        applied: {
          round: 3,
          launches: {
            succeedAgain: false,
            waitingGroups: 2,
            ...(stillFailing === undefined ? {} : { stillFailing }),
          },
        },
      });
    expect(await check()).toMatchObject({ action: 'KEEP' });
    expect(stored.mostSucceedSince).toBeUndefined();
    expect(await check(['b', 'c'])).toMatchObject({ action: 'KEEP' });
    expect(stored.mostSucceedSince).toBe(now);
    now = '2026-01-05T03:44:59.000Z';
    expect(await check(['b', 'c'])).toMatchObject({ action: 'KEEP' });
    now = '2026-01-05T03:45:00.000Z';
    expect(await check()).toMatchObject({ action: 'KEEP' });
    deeds.length = 0;
    expect(await check(['b', 'c'])).toMatchObject({
      action: 'RELEASE',
      because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS',
      reason: expect.stringContaining('those in which they do not get an execution each: b, c'),
    });
    // First it is being given back: what is held by it would be refused.
    expect(deeds.at(0)).toContain('status');
    expect(deeds.slice(1)).toEqual(
      ['b', 'c'].map(
        (autoScalingGroupName) =>
          `RELEASING ${JSON.stringify({ rule: 'failing', stillFailing: { autoScalingGroupName, since: now } })}`,
      ),
    );
  });

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
      stepFunctions: {} as never,
      stateMachineArns: {} as never,
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
