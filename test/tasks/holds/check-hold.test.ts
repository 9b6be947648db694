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
  /** A shared incident over groups, some of which other incidents hold by now. */
  const sharedIncident = (over: Partial<Incident> = {}) => {
    const world = {
      stored: { ...incident, rule: 'failing', isShared: true, ...over } as Incident,
      now: '2026-01-05T03:30:00.000Z',
      started: [] as unknown[][],
      /** By group, whether another incident is open over it, and whether its hold is in the record. */
      others: new Map<string, 'open' | 'held'>(),
      ended: new Map<string, object>(),
      fails: false,
    };
    const other = {
      ...incident,
      incidentId: 'other',
      settings: { ...incident.settings, effect: { protectsInstances: true, processes: [] } },
    };
    const checkHold = createCheckHold({
      cloudWatch: {} as never,
      killSwitch: { read: async () => ({ mode: 'live' }) },
      store: {
        readIncident: async (id: string) => (id === incident.incidentId ? world.stored : undefined),
        changeIncident: async (_id: string, change: Partial<Incident>) => {
          world.stored = { ...world.stored, ...change };
        },
        appendJournal: async () => undefined,
        readJournal: async () => [],
        listOpenIncidents: async () => [world.stored, other],
        readIncidentGroups: async (id: string) =>
          id === 'other' ? [...world.others.keys()] : ['a', 'b', 'c'],
        readGroups: async (names: string[]) =>
          names.map((name) => ({
            holds: [
              { incidentId: incident.incidentId, protectsInstances: true },
              // One that an alarm began protects nothing.
              { incidentId: 'loss', protectsInstances: false },
              ...(world.others.get(name) === 'held'
                ? [{ incidentId: 'other', protectsInstances: true }]
                : []),
            ],
          })),
      } as unknown as Store,
      clock: { now: () => world.now },
      stageMode: 'live',
      stepFunctions: {
        describeExecution: async (arn: string) => world.ended.get(arn.split(':').at(-1) ?? ''),
        startExecution: async (_arn: string, ...call: unknown[]) => {
          if (world.fails) throw new Error('InternalServerError');
          world.started.push(call);
          return { started: true };
        },
      } as never,
      stateMachineArns: { 'protect-instances': 'arn:aws:states:eu-west-1:1:stateMachine:m' } as never,
    });
    const check = (stillFailing?: string[] | 'unreadable') =>
      checkHold({
        plan: { incidentId: incident.incidentId },
        applied: {
          round: 3,
          ...(stillFailing === 'unreadable'
            ? {}
            : {
                launches: {
                  succeedAgain: false,
                  waitingGroups: 2,
                  ...(stillFailing === undefined ? {} : { stillFailing }),
                },
              }),
        },
      });
    return { world, check };
  };
  const later = (minutes: number): string =>
    new Date(Date.parse('2026-01-05T03:30:00.000Z') + minutes * 60_000).toISOString();

  it('ends what groups share a quarter of an hour after most are well, once others hold the rest', async () => {
    const { world, check } = sharedIncident();
    await check();
    expect(world.stored.mostSucceedSince).toBeUndefined();
    expect(await check(['b', 'c'])).toMatchObject({ action: 'KEEP' });
    expect(world.stored.mostSucceedSince).toBe(world.now);
    world.now = later(14.9);
    await check(['b', 'c']);
    expect(world.started).toEqual([]);
    world.now = later(15);
    expect(await check(['b', 'c'])).toMatchObject({ action: 'KEEP', because: 'LAUNCHES_FAIL' });
    expect(world.stored.status).toBe('HELD');
    expect(world.started.map(([, input]) => input)).toEqual(
      ['b', 'c'].map((autoScalingGroupName) => ({
        rule: 'failing',
        stillFailing: { autoScalingGroupName, since: later(0) },
      })),
    );
    // Its incident is open, and its hold not in force yet.
    world.others.set('b', 'held').set('c', 'open');
    world.started.length = 0;
    expect(await check(['b', 'c'])).toMatchObject({ action: 'KEEP' });
    world.others.set('c', 'held');
    expect(await check(['b', 'c'])).toMatchObject({
      action: 'RELEASE',
      because: 'LAUNCHES_SUCCEED_IN_MOST_GROUPS',
      reason: expect.stringContaining('another execution has begun for each of the others: b, c'),
    });
    expect(world.started).toEqual([]);
    expect(world.stored.status).toBe('RELEASING');
  });

  it('goes on where a start fails, and starts again what failed before it began', async () => {
    const { world, check } = sharedIncident({ mostSucceedSince: later(-20) });
    world.fails = true;
    await expect(check(['b'])).rejects.toThrow('InternalServerError');
    expect(world.stored.status).toBe('HELD');
    world.fails = false;
    await check(['b']);
    const [name] = world.started[0] ?? [];
    world.ended.set(String(name), { status: 'FAILED', error: 'States.TaskFailed', stoppedAt: later(-5) });
    await check(['b']);
    expect(world.started.map(([each]) => each)).toEqual([name, `${name}-2`]);
    // A rule that is gone by now: nothing that could hold the group, so this goes on.
    world.ended.set(`${name}-2`, { status: 'FAILED', error: 'InvalidInputError', stoppedAt: later(-1) });
    expect(await check(['b'])).toMatchObject({ action: 'KEEP' });
    // What a person stopped is wanted so.
    world.ended.set(`${name}-2`, { status: 'ABORTED', stoppedAt: later(-1) });
    expect(await check(['b'])).toMatchObject({ action: 'RELEASE' });
    expect(world.started).toHaveLength(2);
  });

  it('counts the quarter of an hour anew once most did not succeed, and not where nobody could look', async () => {
    const { world, check } = sharedIncident();
    await check(['b']);
    world.now = later(10);
    await check('unreadable');
    world.now = later(11);
    await check();
    world.now = later(12);
    await check(['b']);
    expect(world.stored.mostSucceedSince).toBe(later(12));
    world.now = later(20);
    await check('unreadable');
    world.now = later(26);
    await check(['b']);
    expect(world.started).toEqual([]);
    world.now = later(27);
    await check(['b']);
    expect(world.started).toHaveLength(1);
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
