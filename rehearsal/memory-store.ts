import { gunzipSync } from 'node:zlib';
import type { Clock } from '../functions/clock.ts';
import type { GroupRecord } from '../functions/domain/holds/group-record.ts';
import type { Incident } from '../functions/domain/incident.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import type { Evidence } from '../functions/domain/launches/evidence.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../functions/domain/launches/launch-record.ts';
import type { ResizeRecord } from '../functions/domain/resize/resize-record.ts';
import type { Notice } from '../functions/domain/telling/notice.ts';
import { createStore } from '../functions/state/create-store.ts';
import { fromGroupItem, type GroupItem } from '../functions/state/group-item.ts';
import { fromLaunchItems } from '../functions/state/launch-items.ts';
import type { Store } from '../functions/state/store.ts';
import type { Item } from '../functions/state/table.ts';
import { createMemoryTable, type WriteCounts } from './memory-table.ts';

/**
 * What the one who is told of a use makes of it. One that fails does so when it is clear that it does, and may have been
 * done all the same.
 */
export type StoreUse = 'answers' | 'dies' | { fails: Promise<Error>; isDone: boolean };

/** Fails, after something was done that nobody hears of. */
const fail = async (fails: Promise<Error>, done: () => unknown): Promise<never> => {
  await Promise.resolve(done()).catch(() => {});
  throw await fails;
};

/**
 * A store that tells which of its methods is used, before it is. When the one who is told says that the caller is dead,
 * nothing is done and no answer comes; when the table does not answer, the use fails in the end.
 */
export const watchStore = (store: MemoryStore, onUse: (method: string) => StoreUse): MemoryStore =>
  new Proxy(store, {
    get: (target, method: string) => {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function') return value;
      return (...input: unknown[]): unknown => {
        const use = onUse(method);
        if (use === 'dies') return new Promise(() => {});
        if (use === 'answers') return value.apply(target, input);
        return fail(use.fails, use.isDone ? () => value.apply(target, input) : () => {});
      };
    },
  });

/** The store of the rehearsal, with what production cannot do: list everything, and count the writes. */
export interface MemoryStore extends Store {
  listIncidents(): Incident[];
  listGroups(): GroupRecord[];
  listLaunches(): LaunchRecord[];
  listResizes(): ResizeRecord[];
  listEvidence(): Evidence[];
  listJournals(): { incidentId: string; entries: JournalEntry[] }[];
  /** Every item of the table, for tests that look at sizes. */
  listItems(): Item[];
  writes: WriteCounts;
}

/** Before anything that a test tells of: what a store in memory remembers is never too old unless its clock says so. */
const longAgo: Clock = { now: () => '2000-01-01T00:00:00.000Z' };

/**
 * The store over a table in memory.
 *
 * @param onNotice told of every new notice, as the table's stream would be
 * @param countsUnits whether units are counted, which takes a while
 * @param clock by which waits and failures grow old; without it they never do
 */
export const createMemoryStore = (
  onNotice: (notice: Notice) => void = () => {},
  countsUnits = true,
  clock: Clock = longAgo,
): MemoryStore => {
  const table = createMemoryTable(({ pk, notice }) => {
    if (pk === 'notices') onNotice(JSON.parse(String(notice)) as Notice);
  }, countsUnits);
  let writers = 0;
  const store = createStore(table, clock, () => {
    writers += 1;
    return `writer-${writers}`;
  });
  const itemsOf = (isMeant: (item: Item) => boolean): Item[] => table.list().filter(isMeant);

  return {
    ...store,
    writes: table.counts,

    listItems: () => table.list(),

    listGroups: () =>
      itemsOf(({ sk }) => sk === 'record').map(({ record }) => fromGroupItem(record as GroupItem)),

    listLaunches: () => {
      const byGroup = Map.groupBy(
        itemsOf(({ pk, sk }) => pk.startsWith('group#') && sk.startsWith('launch')),
        ({ pk }) => pk.slice('group#'.length),
      );
      return [...byGroup].map(([name, items]) =>
        fromLaunchItems(emptyLaunchRecord(name), items, clock.now()),
      );
    },

    listResizes: () => itemsOf(({ sk }) => sk === 'resize').map(({ record }) => record as ResizeRecord),

    listEvidence: () =>
      itemsOf(({ sk }) => sk.startsWith('evidence#')).map(
        ({ evidence }) =>
          JSON.parse(gunzipSync(Buffer.from(String(evidence), 'base64')).toString('utf8')) as Evidence,
      ),

    listIncidents: () => itemsOf(({ pk }) => pk === 'incidents').map(({ incident }) => incident as Incident),

    listJournals: () => {
      const byIncident = Map.groupBy(
        itemsOf(({ sk }) => sk.startsWith('journal#')).sort((a, b) => (a.sk < b.sk ? -1 : 1)),
        ({ pk }) => pk.slice('incident#'.length),
      );
      return [...byIncident].map(([incidentId, items]) => ({
        incidentId,
        entries: items.flatMap(({ entries }) => entries as JournalEntry[]),
      }));
    },
  };
};
