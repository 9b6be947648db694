import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaleRecordError } from '../../functions/domain/errors.ts';
import type { Evidence } from '../../functions/domain/launches/evidence.ts';
import { emptyLaunchRecord } from '../../functions/domain/launches/launch-record.ts';
import { createStore } from '../../functions/state/create-store.ts';
import { createDynamoDbStore } from '../../functions/state/dynamodb-store.ts';
import type { Store } from '../../functions/state/store.ts';
import type { Table } from '../../functions/state/table.ts';
import { createMemoryStore } from '../../rehearsal/memory-store.ts';
import { createMemoryTable } from '../../rehearsal/memory-table.ts';
import { aHoldOnTerminate, anIncident, later, now } from '../domain/holds/group-fixtures.ts';
import { aResize, someWork } from '../domain/resize/resize-fixtures.ts';
import { type Dynalite, startDynalite } from './strict-dynalite.ts';

let table: Dynalite;
let writers = 0;
let writerId = (): string => {
  writers += 1;
  return `writer-${writers}`;
};

beforeAll(async () => {
  table = await startDynalite();
});
afterAll(() => table.stop());

const { holds } = aHoldOnTerminate('i');
let names = 0;
const unique = (prefix: string): string => {
  names += 1;
  return `${prefix}-${names}`;
};

const stores: [string, () => Store][] = [
  ['createMemoryStore', () => createMemoryStore()],
  [
    'createDynamoDbStore',
    () => createDynamoDbStore(table.client, table.name, { now: () => now }, () => writerId()),
  ],
];

describe.each(stores)('%s', (_name, createStore) => {
  it('opens, changes and closes an incident', async () => {
    const store = createStore();
    const incident = anIncident({ incidentId: unique('incident') });
    expect(await store.readIncident(incident.incidentId)).toBeUndefined();
    await store.createIncident(incident, ['a', 'b']);
    expect(await store.readIncident(incident.incidentId)).toEqual(incident);
    await store.changeIncident(incident.incidentId, {
      expiresAt: later(9),
      status: 'RELEASING',
      releasingSince: now,
    });
    expect(await store.readIncident(incident.incidentId)).toEqual({
      ...incident,
      expiresAt: later(9),
      status: 'RELEASING',
      releasingSince: now,
    });
    await store.closeIncident(incident.incidentId);
    await store.closeIncident(incident.incidentId);
    expect(await store.readIncident(incident.incidentId)).toBeUndefined();
  });

  it('keeps the first of two openings', async () => {
    const store = createStore();
    const incident = anIncident({ incidentId: unique('incident') });
    await store.createIncident(incident, ['a']);
    await store.changeIncident(incident.incidentId, { expiresAt: later(9) });
    const again = await store.createIncident(incident, ['a']);
    expect(again.expiresAt).toBe(later(9));
  });

  it('refuses to change an incident that is not open', async () => {
    await expect(createStore().changeIncident(unique('incident'), { expiresAt: now })).rejects.toMatchObject({
      name: 'IncidentClosedError',
    });
  });

  it('remembers the groups of an incident in order, many of them too', async () => {
    const store = createStore();
    const incident = anIncident({ incidentId: unique('incident') });
    const groups = Array.from({ length: 1000 }, (_, index) => `${'g'.repeat(250)}-${index}`);
    await store.createIncident(incident, groups);
    expect(await store.readIncidentGroups(incident.incidentId)).toEqual(groups);
  });

  it('lists what is open', async () => {
    const store = createStore();
    const [first, second] = [unique('incident'), unique('incident')];
    await store.createIncident(anIncident({ incidentId: first }), []);
    await store.createIncident(anIncident({ incidentId: second }), []);
    await store.closeIncident(first);
    const open = (await store.listOpenIncidents()).map(({ incidentId }) => incidentId);
    expect(open).toContain(second);
    expect(open).not.toContain(first);
  });

  it('gives an empty record of version 0 for a group nobody holds', async () => {
    const name = unique('group');
    expect(await createStore().readGroups([name])).toEqual([
      { autoScalingGroupName: name, version: 0, holds: [], imposed: [], overridden: [] },
    ]);
  });

  it('reads many records in the order they were asked for', async () => {
    const store = createStore();
    const groups = Array.from({ length: 150 }, () => unique('group'));
    const held = groups[120] ?? '';
    await store.writeGroup({
      autoScalingGroupName: held,
      version: 0,
      holds,
      imposed: [],
      overridden: [],
    });
    const records = await store.readGroups(groups);
    expect(records.map(({ autoScalingGroupName }) => autoScalingGroupName)).toEqual(groups);
    expect(records[120]).toMatchObject({ version: 1, holds });
  });

  it('lets one of two writers win', async () => {
    const store = createStore();
    const name = unique('group');
    const [record] = await store.readGroups([name]);
    if (record === undefined) throw new Error('no record');
    const outcomes = await Promise.allSettled([
      store.writeGroup({ ...record, lease: { owner: 'a', expiresAt: later(60) } }),
      store.writeGroup({ ...record, lease: { owner: 'b', expiresAt: later(60) } }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const rejected = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(rejected?.reason).toMatchObject({ name: 'StaleRecordError' });
  });

  it('refuses a write from an old version, and a removal', async () => {
    const store = createStore();
    const name = unique('group');
    const base = { autoScalingGroupName: name, holds, imposed: [], overridden: [] };
    const first = await store.writeGroup({ ...base, version: 0 });
    const second = await store.writeGroup(first);
    expect(second.version).toBe(2);
    await expect(store.writeGroup(first)).rejects.toMatchObject({ name: 'StaleRecordError' });
    await expect(store.writeGroup({ ...first, holds: [] })).rejects.toMatchObject({
      name: 'StaleRecordError',
    });
    expect((await store.readGroups([name]))[0]?.version).toBe(2);
  });

  it('removes a record with neither hold nor lease', async () => {
    const store = createStore();
    const name = unique('group');
    const base = { autoScalingGroupName: name, holds, imposed: [], overridden: [] };
    const written = await store.writeGroup({ ...base, version: 0 });
    expect(await store.writeGroup({ ...written, holds: [] })).toMatchObject({ version: 0 });
    expect((await store.readGroups([name]))[0]?.version).toBe(0);
  });

  it('keeps a journal of plans that name many thousands of instances', async () => {
    const store = createStore();
    const incidentId = unique('incident');
    const InstanceIds = Array.from({ length: 1000 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
    const entries = Array.from({ length: 40 }, (_, n) => ({
      at: now,
      event: 'planned' as const,
      text: `plan ${n}`,
      calls: [
        {
          service: 'AutoScaling' as const,
          operation: 'SetInstanceProtection' as const,
          input: { AutoScalingGroupName: `api-${n}`, InstanceIds, ProtectedFromScaleIn: true },
          reason: 'test',
        },
      ],
    }));
    await store.appendJournal(incidentId, entries);
    expect(await store.readJournal(incidentId)).toEqual(entries);
  });

  it('remembers launches from version 0, and lets one of two writers win', async () => {
    const store = createStore();
    const name = unique('group');
    const empty = emptyLaunchRecord(name);
    expect(await store.readLaunches([name])).toEqual([empty]);
    const first = { ...empty, onTheWay: ['i-1'] };
    expect(await store.writeLaunches(first, empty)).toEqual({ ...first, version: 1 });
    await expect(store.writeLaunches({ ...first, onTheWay: ['i-2'] }, empty)).rejects.toThrow(
      StaleRecordError,
    );
    expect(await store.readLaunches([unique('other'), name])).toMatchObject([
      { version: 0 },
      { version: 1, onTheWay: ['i-1'] },
    ]);
    // What a group's launches are and how it is held are two records, each with a version of its own.
    expect(await store.readGroups([name])).toMatchObject([{ version: 0 }]);
  });

  it('keeps each wait and each failure once, whoever tells of it, and needs no version for them', async () => {
    const store = createStore();
    const name = unique('group');
    const wait = { instanceId: 'i-1', since: now, from: 'lifecycle event' as const };
    const failure = { activityId: 'a-1', startedAt: now, at: later(5) };
    await store.addWait(name, wait);
    await store.addWait(name, { ...wait, since: later(9), from: 'scaling activity' });
    await store.addFailure(name, failure);
    await store.addFailure(name, failure);
    expect(await store.readLaunches([name])).toEqual([
      { ...emptyLaunchRecord(name), waits: [wait], failures: [failure], lastFailedLaunchAt: now },
    ]);
  });

  it('adds the waits and failures that a look found, and removes those that are over', async () => {
    const store = createStore();
    const name = unique('group');
    await store.addWait(name, { instanceId: 'i-1', since: now, from: 'lifecycle event' });
    const [seen] = await store.readLaunches([name]);
    if (seen === undefined) throw new Error('no record');
    const found = { instanceId: 'i-2', since: now, from: 'scaling activity' as const };
    await store.writeLaunches({ ...seen, waits: [found] }, seen);
    // Told only now: nobody who looked before knew of it, so nobody removed it.
    await store.addWait(name, { instanceId: 'i-3', since: now, from: 'lifecycle event' });
    const [record] = await store.readLaunches([name]);
    expect(record?.waits.map(({ instanceId }) => instanceId).sort()).toEqual(['i-2', 'i-3']);
  });

  it('writes forty launch events of one group that come at once, each at the first try', async () => {
    const store = createStore();
    const name = unique('group');
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.addWait(name, { instanceId: `i-${index}`, since: now, from: 'lifecycle event' }),
      ),
    );
    expect((await store.readLaunches([name]))[0]?.waits).toHaveLength(40);
  });

  it('leaves out failures and waits of another group of the name', async () => {
    const store = createStore();
    const name = unique('group');
    const wait = { since: now, from: 'lifecycle event' as const };
    await store.addWait(name, { ...wait, instanceId: 'i-1', autoScalingGroupArn: 'arn:old' });
    await store.addWait(name, { ...wait, instanceId: 'i-2', autoScalingGroupArn: 'arn:new' });
    const [seen] = await store.readLaunches([name]);
    if (seen === undefined) throw new Error('no record');
    await store.writeLaunches({ ...seen, autoScalingGroupArn: 'arn:new' }, seen);
    expect((await store.readLaunches([name]))[0]?.waits).toMatchObject([{ instanceId: 'i-2' }]);
  });

  it('remembers the rules about the launches of a group', async () => {
    const store = createStore();
    const name = unique('group');
    expect(await store.readLaunchRules(name)).toBeUndefined();
    const rules = { rules: ['stuck'], policy: 'p', until: later(60) };
    await store.writeLaunchRules(name, rules);
    expect(await store.readLaunchRules(name)).toEqual(rules);
    // It is no part of what is remembered of launches.
    expect(await store.readLaunches([name])).toEqual([emptyLaunchRecord(name)]);
  });

  it('tells who is among the first to fail in a minute, rule by rule', async () => {
    const store = createStore();
    const ask = (name: string, rule = 'failing') => store.isAmongFirstToFail(rule, name, 2);
    expect([await ask('a'), await ask('b'), await ask('c'), await ask('b'), await ask('a', 'other')]).toEqual(
      [true, true, false, true, true],
    );
    // The minute is the last one, not that of the clock: these are told in two partitions.
    let time = '2026-03-02T03:04:58.000Z';
    const moving = createMemoryStore(() => {}, false, { now: () => time });
    const askNow = (name: string) => moving.isAmongFirstToFail('failing', name, 2);
    const first = [await askNow('a'), await askNow('b')];
    time = '2026-03-02T03:05:02.000Z';
    expect([...first, await askNow('c')]).toEqual([true, true, false]);
    time = '2026-03-02T03:05:58.000Z';
    expect(await askNow('d')).toBe(true);
    // Of three at one moment no more than two may be.
    const atOnce = await Promise.all(['x', 'y', 'z'].map((name) => ask(name, 'at-once')));
    expect(atOnce.filter((isFirst) => isFirst).length).toBeLessThanOrEqual(2);
  });

  it('remembers what may happen in the stage', async () => {
    const store = createStore();
    await store.writeStageMode({ mode: 'dry-run', since: now });
    await store.writeStageMode({ mode: 'live', since: later(5) });
    expect(await store.readStageMode()).toEqual({ mode: 'live', since: later(5) });
  });

  describe('refuses what DynamoDB refuses:', () => {
    const refused = { name: 'ValidationException' };
    it.each<[string, (store: Store) => Promise<unknown>]>([
      ['an empty sort key in a read', (store) => store.readIncident('')],
      ['an empty sort key in a write', (store) => store.createIncident(anIncident({ incidentId: '' }), [])],
      ['an empty sort key in a condition', (store) => store.changeIncident('', { expiresAt: now })],
      ['an empty sort key in a removal', (store) => store.closeIncident('')],
      ['a sort key of 1,025 bytes', (store) => store.readIncident(`${'é'.repeat(512)}e`)],
      ['a partition key of 2,049 bytes', (store) => store.readGroups(['g'.repeat(2043)])],
      ['such a key in a query', (store) => store.readJournal('i'.repeat(2040))],
      [
        'an item of more than 400 KB',
        (store) => store.createIncident(anIncident({ reason: 'r'.repeat(400 * 1024) }), ['a']),
      ],
      [
        'a change that makes an item as large',
        async (store) => {
          const incident = anIncident({ incidentId: unique('incident'), reason: 'r'.repeat(300 * 1024) });
          await store.createIncident(incident, []);
          await store.changeIncident(incident.incidentId, { releasingBecause: 'b'.repeat(110 * 1024) });
        },
      ],
    ])('%s', async (_what, use) => {
      await expect(use(createStore())).rejects.toMatchObject(refused);
    });

    it('and takes what is just allowed', async () => {
      const store = createStore();
      expect(await store.readIncident('é'.repeat(512))).toBeUndefined();
      expect(await store.readGroups(['g'.repeat(2042)])).toMatchObject([{ version: 0 }]);
      const incident = anIncident({ incidentId: unique('incident'), reason: 'r'.repeat(390 * 1024) });
      await store.createIncident(incident, []);
      expect((await store.listOpenIncidents()).map(({ incidentId }) => incidentId)).toContain(
        incident.incidentId,
      );
    });
  });

  it('keeps the resize of a group from version 0, lets one of two writers win, and removes it when it is over', async () => {
    const store = createStore();
    const name = unique('group');
    const [empty] = await store.readResizes([name]);
    expect(empty).toEqual({ autoScalingGroupName: name, version: 0 });
    const work = someWork({ resizes: [aResize()] });
    const first = await store.writeResize({ autoScalingGroupName: name, version: 0, work });
    expect(first).toEqual({ autoScalingGroupName: name, version: 1, work });
    await expect(store.writeResize({ autoScalingGroupName: name, version: 0, work })).rejects.toThrow(
      StaleRecordError,
    );
    const second = await store.writeResize({ ...first, work: { ...work, floor: 3 } });
    expect(await store.readResizes([name, unique('group')])).toMatchObject([
      { version: 2, work: { floor: 3 } },
      { version: 0 },
    ]);
    await expect(store.writeResize(first)).rejects.toThrow(StaleRecordError);
    const { work: _work, ...over } = second;
    expect(await store.writeResize(over)).toEqual({ autoScalingGroupName: name, version: 0 });
    expect(await store.readResizes([name])).toEqual([{ autoScalingGroupName: name, version: 0 }]);
  });

  it('keeps a launch record that says nothing, unlike a group record', async () => {
    const store = createStore();
    const empty = emptyLaunchRecord(unique('group'));
    const record = await store.writeLaunches(empty, empty);
    expect(await store.readLaunches([record.autoScalingGroupName])).toMatchObject([{ version: 1 }]);
  });

  it('keeps evidence of many kilobytes, once per instance', async () => {
    const store = createStore();
    const incidentId = unique('incident');
    const evidence = (instanceId: string, consoleOutput: string): Evidence => ({
      instanceId,
      autoScalingGroupName: 'api',
      takenAt: now,
      waitingSince: now,
      waitingSinceFrom: 'scaling activity',
      launchHooks: [],
      consoleOutput,
      snapshotIds: [],
      problems: [],
    });
    const long = Array.from({ length: 4000 }, (_, line) => `line ${line} of the console é`).join('\n');
    await store.keepEvidence(incidentId, evidence('i-2', 'first'));
    await store.keepEvidence(incidentId, evidence('i-1', long));
    await store.keepEvidence(incidentId, evidence('i-2', 'second'));
    const kept = await store.readEvidence(incidentId);
    expect(kept.map(({ instanceId }) => instanceId)).toEqual(['i-1', 'i-2']);
    expect(kept[0]?.consoleOutput).toBe(long);
    expect(await store.readEvidence(incidentId, 'i-2')).toEqual([evidence('i-2', 'second')]);
    expect(await store.readEvidence(unique('incident'))).toEqual([]);
  });

  it('keeps a journal in order', async () => {
    const store = createStore();
    const id = unique('incident');
    const entries = Array.from({ length: 250 }, (_, index) => ({
      at: now,
      event: 'held' as const,
      text: `${index}`,
    }));
    await store.appendJournal(id, entries);
    expect((await store.readJournal(id)).map(({ text }) => text)).toEqual(entries.map(({ text }) => text));
    await store.appendJournal(id, []);
    expect(await store.readJournal(unique('incident'))).toEqual([]);
  });

  it('hands out nothing through which what is stored can be changed', async () => {
    const store = createStore();
    const incident = anIncident({ incidentId: unique('incident') });
    await store.createIncident(incident, []);
    const read = await store.readIncident(incident.incidentId);
    if (read === undefined) throw new Error('not stored');
    Reflect.set(read, 'reason', 'changed');
    expect((await store.readIncident(incident.incidentId))?.reason).toBe(incident.reason);
  });
});

describe('createDynamoDbStore alone', () => {
  it('takes its own write for a success when the SDK repeats it after a lost answer', async () => {
    const before = writerId;
    writerId = () => 'the-same-writer';
    try {
      const store = createDynamoDbStore(table.client, table.name, { now: () => now }, () => writerId());
      const record = {
        autoScalingGroupName: unique('group'),
        version: 0,
        holds,
        imposed: [],
        overridden: [],
      };
      expect((await store.writeGroup(record)).version).toBe(1);
      expect((await store.writeGroup(record)).version).toBe(1);
    } finally {
      writerId = before;
    }
  });
});

describe('createIncident', () => {
  it('has only the groups of the last plan, where an earlier opening was interrupted', async () => {
    const table = createMemoryTable();
    let dies = true;
    const dying: Table = {
      ...table,
      put: async (item, condition) => {
        if (item.pk === 'incidents' && dies) throw new Error('the function dies');
        return table.put(item, condition);
      },
    };
    const store = createStore(dying, { now: () => now }, writerId);
    const many = Array.from({ length: 1001 }, (_, n) => `group-${String(n).padStart(4, '0')}`);
    await expect(store.createIncident(anIncident(), many)).rejects.toThrow('the function dies');
    dies = false;
    await store.createIncident(anIncident(), ['a', 'c']);
    expect(await store.readIncidentGroups(anIncident().incidentId)).toEqual(['a', 'c']);
  });
});
