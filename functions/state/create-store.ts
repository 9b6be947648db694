import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import pMap from 'p-map';
import type { Clock } from '../clock.ts';
import { chunk, chunkBySize } from '../domain/chunk.ts';
import { IncidentClosedError, StaleRecordError } from '../domain/errors.ts';
import { emptyGroupRecord } from '../domain/holds/group-record.ts';
import type { Incident } from '../domain/incident.ts';
import type { JournalEntry } from '../domain/journal.ts';
import type { Evidence } from '../domain/launches/evidence.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../domain/launches/launch-record.ts';
import type { Mode } from '../domain/mode.ts';
import { emptyResizeRecord, type ResizeRecord } from '../domain/resize/resize-record.ts';
import { addSeconds, unixSeconds } from '../domain/times.ts';
import { fromGroupItem, type GroupItem, toGroupItem } from './group-item.ts';
import {
  failureKey,
  fromLaunchItems,
  launchesKey,
  launchItemsPrefix,
  toFailureItem,
  toLaunchCore,
  toWaitItem,
  waitKey,
} from './launch-items.ts';
import type { LaunchRules, StageReadiness, Store } from './store.ts';
import type { Item, Key, Table } from './table.ts';

/** Group names per item: 1,000 names of 255 characters still fit well into DynamoDB's 400 KB. */
const namesPerItem = 500;
/** Characters of journal per item: written as UTF-8, also if each took three bytes, far below DynamoDB's 400 KB. */
const journalCharactersPerItem = 100_000;
/** Days for which the journal is kept; DynamoDB removes it some time after. */
const journalDays = 90;
/** Seconds after which DynamoDB may remove that launches of a group failed in a minute. */
const failingSeconds = 3600;
/** Calls made at once where one is not enough. */
const callsAtOnce = 4;
/** Queries made at once, one for the launches of each group. */
const queriesAtOnce = 20;

/** A record of one group, written only over the version that was read. */
interface Versioned {
  autoScalingGroupName: string;
  version: number;
}

const openIncidents = 'incidents';
const incidentKey = (incidentId: string): Key => ({ pk: openIncidents, sk: incidentId });
const groupKey = (name: string): Key => ({ pk: `group#${name}`, sk: 'record' });
const launchRulesKey = (name: string): Key => ({ pk: `group#${name}`, sk: 'rules' });
const resizeKey = (name: string): Key => ({ pk: `group#${name}`, sk: 'resize' });
/** One key for all of them, so that the stream has them in one shard: one reader at a time, who sees them together. */
const noticesKey = 'notices';
const stageKey: Key = { pk: 'stage', sk: 'mode' };
const readinessKey: Key = { pk: 'stage', sk: 'readiness' };
const policyKey: Key = { pk: 'stage', sk: 'policy' };

/** What may be large, as an item keeps it: compressed, as text. */
const zip = (text: string): string => gzipSync(text).toString('base64');
const unzip = (zipped: unknown): string => gunzipSync(Buffer.from(String(zipped), 'base64')).toString('utf8');

/** Those of `items` that `others` has not, told apart by `idOf`. */
const missingFrom = <Each>(items: Each[], others: Each[], idOf: (each: Each) => string): Each[] => {
  const known = new Set(others.map(idOf));
  return items.filter((each) => !known.has(idOf(each)));
};

/**
 * The store in one table with the keys `pk` and `sk` and the TTL attribute `ttl`. Every item has a bound; what could
 * grow is items of its own.
 *
 * | pk | sk | what |
 * | --- | --- | --- |
 * | `incidents` | incident id | an open incident |
 * | `incident#<id>` | `groups#0000` … | the names of its groups |
 * | `incident#<id>` | `journal#<time>#<n>` | its journal, kept for 90 days |
 * | `incident#<id>` | `evidence#<instance id>` | what was kept of an instance before it was ended, compressed |
 * | `notices` | kind, hash of what tells it from others | what people are told, read from the table's stream |
 * | `group#<name>` | `record` | baseline, holds, lease of one group |
 * | `group#<name>` | `resize` | the resize of one group, as long as it lasts |
 * | `group#<name>` | `launches` | drains, breaker and successes of one group |
 * | `group#<name>` | `launch-wait#<instance id>` | an instance that waits in a launch hook, kept for 49 hours |
 * | `group#<name>` | `launch-failure#<activity id>` | a launch that failed, kept for 25 hours |
 * | `group#<name>` | `rules` | the rules about its launches, for as long as its tags need not be looked at again |
 * | `stage` | `mode` | what may happen in the stage, and since when |
 * | `stage` | `readiness` | what the latest check found, compressed |
 * | `stage` | `policy` | the policy that the stage runs: its text, compressed, and its SHA-256 |
 *
 * @param writerId tells this writer's own retried write from somebody else's
 */
export const createStore = (table: Table, clock: Clock, writerId: () => string): Store => {
  // Two parts that one process writes in one millisecond stay in their order.
  let appended = 0;
  const ttl = () => unixSeconds(clock.now()) + journalDays * 86_400;

  const readIncident = async (incidentId: string): Promise<Incident | undefined> =>
    (await table.get(incidentKey(incidentId)))?.incident as Incident | undefined;

  const readRecords = async <Value extends Versioned>(
    names: string[],
    keyOf: (name: string) => Key,
    emptyRecord: (name: string) => Value,
  ): Promise<Value[]> => {
    const items = await table.getMany([...new Set(names)].map(keyOf));
    const records = new Map(
      items.map(({ record }) => [(record as Value).autoScalingGroupName, record as Value]),
    );
    return names.map((name) => records.get(name) ?? emptyRecord(name));
  };

  /** Writes a record if nobody did since it was read; `undefined` when it is to be removed and is gone. */
  const writeRecord = async <Value extends Versioned>(
    record: Value,
    key: Key,
    isRemoval: boolean,
    more: Record<string, unknown> = {},
  ): Promise<Value | undefined> => {
    const { autoScalingGroupName, version } = record;
    if (isRemoval && version === 0) return undefined;
    const next = { ...record, version: version + 1 };
    const writtenBy = writerId();
    const isWritten = isRemoval
      ? await table.remove(key, { version })
      : await table.put({ ...key, record: next, writtenBy, ...more }, version === 0 ? 'absent' : { version });
    if (isWritten) return isRemoval ? undefined : next;
    // The SDK repeats a write whose answer was lost; our own first try then fails our own second one. A
    // removal leaves nothing to recognise: absence is what it was for.
    const stored = await table.get(key);
    if (stored?.writtenBy === writtenBy) return next;
    if (isRemoval && stored === undefined) return undefined;
    throw new StaleRecordError(
      `The record of ${autoScalingGroupName} changed after version ${version} was read`,
    );
  };

  const putEach = (items: Item[]): Promise<unknown> =>
    pMap(items, (item) => table.put(item, 'absent'), { concurrency: callsAtOnce });
  const removeEach = (keys: Key[]): Promise<unknown> =>
    pMap(keys, (key) => table.remove(key), { concurrency: callsAtOnce });

  return {
    createIncident: async (incident, autoScalingGroupNames) => {
      const known = await readIncident(incident.incidentId);
      if (known !== undefined) return known;
      const pk = `incident#${incident.incidentId}`;
      const items = chunk(autoScalingGroupNames, namesPerItem).map((names, index) => ({
        pk,
        sk: `groups#${String(index).padStart(4, '0')}`,
        names,
      }));
      // An opening that was interrupted may have written other names: a plan made anew may be another. Who plans may not
      // remove items, so what is too many is made empty.
      const written = new Set(items.map(({ sk }) => sk));
      const tooMany = (await table.query(pk, 'groups#')).filter(({ sk }) => !written.has(sk));
      const all = [...items, ...tooMany.map(({ sk }) => ({ pk, sk, names: [] }))];
      await pMap(all, (item) => table.put(item), { concurrency: callsAtOnce });
      const isNew = await table.put({ ...incidentKey(incident.incidentId), incident }, 'absent');
      return isNew ? incident : ((await readIncident(incident.incidentId)) ?? incident);
    },

    readIncident,

    readIncidentGroups: async (incidentId) =>
      (await table.query(`incident#${incidentId}`, 'groups#')).flatMap(({ names }) => names as string[]),

    changeIncident: async (incidentId, change) => {
      if (await table.setFields(incidentKey(incidentId), 'incident', change)) return;
      throw new IncidentClosedError(`The incident ${incidentId} is not open`);
    },

    closeIncident: async (incidentId) => {
      await table.remove(incidentKey(incidentId));
      await removeEach(await table.query(`incident#${incidentId}`, 'groups#'));
    },

    listOpenIncidents: async () =>
      (await table.query(openIncidents)).map(({ incident }) => incident as Incident),

    readGroups: async (names) =>
      (await readRecords<GroupItem>(names, groupKey, (name) => toGroupItem(emptyGroupRecord(name)))).map(
        fromGroupItem,
      ),

    writeGroup: async (record) => {
      const isRemoval = record.holds.length === 0 && record.lease === undefined;
      const written = await writeRecord(
        toGroupItem(record),
        groupKey(record.autoScalingGroupName),
        isRemoval,
      );
      return written === undefined ? emptyGroupRecord(record.autoScalingGroupName) : fromGroupItem(written);
    },

    readLaunches: (names) =>
      pMap(
        names,
        async (name): Promise<LaunchRecord> =>
          fromLaunchItems(
            emptyLaunchRecord(name),
            await table.query(launchesKey(name).pk, launchItemsPrefix),
            clock.now(),
          ),
        { concurrency: queriesAtOnce },
      ),

    writeLaunches: async (record, stored) => {
      const name = record.autoScalingGroupName;
      const core = toLaunchCore(record);
      const isChanged = record.version === 0 || JSON.stringify(core) !== JSON.stringify(toLaunchCore(stored));
      const written = isChanged ? await writeRecord(core, launchesKey(name), false, { ttl: ttl() }) : core;
      await putEach([
        ...missingFrom(record.waits, stored.waits, (wait) => wait.instanceId).map((wait) =>
          toWaitItem(name, wait),
        ),
        ...missingFrom(record.failures, stored.failures, (failure) => failure.activityId).map((failure) =>
          toFailureItem(name, failure),
        ),
      ]);
      await removeEach([
        ...missingFrom(stored.waits, record.waits, (wait) => wait.instanceId).map((wait) =>
          waitKey(name, wait),
        ),
        ...missingFrom(stored.failures, record.failures, (failure) => failure.activityId).map((failure) =>
          failureKey(name, failure),
        ),
      ]);
      return { ...record, ...written };
    },

    addWait: async (name, wait) => {
      await table.put(toWaitItem(name, wait), 'absent');
    },

    addFailure: async (name, failure) => {
      await table.put(toFailureItem(name, failure), 'absent');
    },

    readLaunchRules: async (name) =>
      (await table.get(launchRulesKey(name)))?.rules as LaunchRules | undefined,

    writeLaunchRules: async (name, rules) => {
      const until = unixSeconds(rules.until);
      await table.put({ ...launchRulesKey(name), rules, ttl: until });
    },

    isAmongFirstToFail: async (rule, name, first) => {
      const now = clock.now();
      const partitionOf = (at: string): string => `failing#${rule}#${at.slice(0, 16)}`;
      const aMinuteAgo = addSeconds(now, -60);
      const readNames = async (): Promise<string[]> => {
        const items = [
          ...(await table.query(partitionOf(aMinuteAgo))),
          ...(await table.query(partitionOf(now))),
        ];
        return items.filter(({ at }) => typeof at === 'string' && at > aMinuteAgo).map(({ sk }) => sk);
      };
      const before = await readNames();
      const isKnown = before.includes(name);
      if (isKnown || before.length >= first) return isKnown && before.length <= first;
      await table.put({ pk: partitionOf(now), sk: name, at: now, ttl: unixSeconds(now) + failingSeconds });
      // Read again, because others may have come at the same moment.
      return (await readNames()).length <= first;
    },

    readResizes: (names) => readRecords<ResizeRecord>(names, resizeKey, emptyResizeRecord),

    writeResize: async (record) =>
      (await writeRecord(record, resizeKey(record.autoScalingGroupName), record.work === undefined)) ??
      emptyResizeRecord(record.autoScalingGroupName),

    keepEvidence: async (incidentId, evidence) => {
      await table.put({
        pk: `incident#${incidentId}`,
        sk: `evidence#${evidence.instanceId}`,
        evidence: zip(JSON.stringify(evidence)),
        ttl: ttl(),
      });
    },

    readEvidence: async (incidentId, instanceId = '') =>
      (await table.query(`incident#${incidentId}`, `evidence#${instanceId}`)).map(({ evidence }) => {
        // A release before this one kept the bytes themselves.
        const zipped = typeof evidence === 'string' ? Buffer.from(evidence, 'base64') : evidence;
        return JSON.parse(gunzipSync(zipped as Uint8Array).toString('utf8')) as Evidence;
      }),

    addNotice: (notice) =>
      table.put(
        {
          pk: noticesKey,
          sk: `${notice.kind}#${notice.identity}`,
          // As text: its reader gets it from the stream, which would spell out every type.
          notice: JSON.stringify(notice),
          ttl: ttl(),
        },
        'absent',
      ),

    appendJournal: async (incidentId, entries) => {
      const writtenAt = clock.now();
      const token = writerId();
      for (const part of chunkBySize(entries, journalCharactersPerItem)) {
        appended += 1;
        await table.put({
          pk: `incident#${incidentId}`,
          sk: `journal#${writtenAt}#${String(appended).padStart(9, '0')}#${token}`,
          entries: part,
          ttl: ttl(),
        });
      }
    },

    readJournal: async (incidentId) =>
      (await table.query(`incident#${incidentId}`, 'journal#')).flatMap(
        ({ entries }) => entries as JournalEntry[],
      ),

    readStageMode: async () => {
      const item = await table.get(stageKey);
      return item === undefined ? undefined : { mode: item.mode as Mode, since: String(item.since) };
    },

    writeStageMode: async ({ mode, since }) => {
      await table.put({ ...stageKey, mode, since });
    },

    readReadiness: async () => {
      const item = await table.get(readinessKey);
      if (item === undefined) return { at: '', known: {}, scoredAt: {}, version: 0 };
      const { known, scoredAt } = JSON.parse(unzip(item.found)) as Pick<StageReadiness, 'known' | 'scoredAt'>;
      const { version } = item.record as { version: number };
      return { at: String(item.at), known, scoredAt, version };
    },

    writeReadiness: async (readiness) => {
      const { at, version, known, scoredAt } = readiness;
      const next = { ...readiness, version: version + 1 };
      const writtenBy = writerId();
      const item = {
        ...readinessKey,
        at,
        record: { version: next.version },
        writtenBy,
        found: zip(JSON.stringify({ known, scoredAt })),
      };
      if (await table.put(item, version === 0 ? 'absent' : { version })) return next;
      // The SDK repeats a write whose answer was lost.
      return (await table.get(readinessKey))?.writtenBy === writtenBy ? next : undefined;
    },

    readPublishedPolicy: async () => {
      const item = await table.get(policyKey);
      return item === undefined
        ? undefined
        : {
            text: unzip(item.text),
            hash: String(item.hash),
            stageMode: item.stageMode as Mode,
            since: String(item.since),
          };
    },

    publishPolicy: async (text, stageMode) => {
      const hash = createHash('sha256').update(text).digest('hex');
      const published = await table.get(policyKey);
      if (published?.hash === hash && published.stageMode === stageMode) return;
      await table.put({ ...policyKey, text: zip(text), hash, stageMode, since: clock.now() });
    },
  };
};
