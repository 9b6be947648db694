import { IncidentClosedError, StaleRecordError } from '../functions/domain/errors.ts';
import type { Evidence } from '../functions/domain/evidence.ts';
import { emptyGroupRecord, type GroupRecord } from '../functions/domain/group-record.ts';
import type { Incident, JournalEntry } from '../functions/domain/incident.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../functions/domain/launch-record.ts';
import type { Notice } from '../functions/domain/notice.ts';
import { emptyResizeRecord, type ResizeRecord } from '../functions/domain/resize-record.ts';
import { toGroupItem } from '../functions/state/group-item.ts';
import type { Store } from '../functions/state/store.ts';

/**
 * A store that tells which of its methods is used, before it is. When the one who is told says that the caller is dead,
 * nothing is done and no answer comes.
 */
export const watchStore = (store: MemoryStore, onUse: (method: string) => boolean): MemoryStore =>
  new Proxy(store, {
    get: (target, method: string) => {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function') return value;
      return (...input: unknown[]): unknown => {
        if (onUse(method)) return new Promise(() => {});
        return value.apply(target, input);
      };
    },
  });

/** How often something was written, for tests that count. */
export interface WriteCounts {
  incidents: number;
  groups: number;
  launches: number;
  resizes: number;
  journal: number;
  notices: number;
  /**
   * Write units of all of them: one for each begun kilobyte of an item (DynamoDB Developer Guide, "Read and write
   * operations").
   */
  units: number;
  /** Units of consistent reads: one for each begun four kilobytes of an item. */
  readUnits: number;
}

/** The store of the rehearsal, with what production cannot do: list everything, and count the writes. */
export interface MemoryStore extends Store {
  listGroups(): GroupRecord[];
  listLaunches(): LaunchRecord[];
  listResizes(): ResizeRecord[];
  listEvidence(): Evidence[];
  listJournals(): { incidentId: string; entries: JournalEntry[] }[];
  writes: WriteCounts;
}

/** The two keys of a group's record with their names, and the mark of the writer. */
const keyBytes = 50;

/**
 * What DynamoDB counts for a value (Developer Guide, "DynamoDB item sizes and formats"): text as UTF-8, names
 * included; a number a byte for two digits and one more; three bytes for a list or a map and one for each element.
 */
const itemBytes = (value: unknown): number => {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (typeof value !== 'object' || value === null) return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + 1 + itemBytes(each), 3);
  return Object.entries(value).reduce(
    (sum, [name, each]) => sum + 1 + Buffer.byteLength(name) + itemBytes(each),
    3,
  );
};

/**
 * A store in memory. Values are copied in and out, so that nobody can change what is stored by holding on to it.
 *
 * @param onNotice told of every new notice, as the table's stream would be
 * @param countsUnits whether units are counted, which takes a while
 */
export const createMemoryStore = (
  onNotice: (notice: Notice) => void = () => {},
  countsUnits = true,
): MemoryStore => {
  const incidents = new Map<string, Incident>();
  const groupsOfIncident = new Map<string, string[]>();
  const groups = new Map<string, GroupRecord>();
  const launches = new Map<string, LaunchRecord>();
  const resizes = new Map<string, ResizeRecord>();
  const evidenceOf = new Map<string, Map<string, Evidence>>();
  const journals = new Map<string, JournalEntry[]>();
  const notices = new Map<string, Notice>();
  const writes: WriteCounts = {
    incidents: 0,
    groups: 0,
    launches: 0,
    resizes: 0,
    journal: 0,
    notices: 0,
    units: 0,
    readUnits: 0,
  };
  // As text and back, since everything here is JSON: faster than structuredClone, which the stories spend much time in.
  const copy = <Value>(value: Value): Value =>
    value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
  const unitsOf = (item: unknown, bytesPerUnit: number): number =>
    Math.max(1, Math.ceil((itemBytes(item) + keyBytes) / bytesPerUnit));
  const countWrite = (kind: Exclude<keyof WriteCounts, 'units' | 'readUnits'>, item: unknown): void => {
    writes[kind] += 1;
    if (countsUnits) writes.units += unitsOf(item, 1024);
  };
  const countReads = (items: unknown[]): void => {
    if (countsUnits) for (const item of items) writes.readUnits += unitsOf(item, 4096);
  };

  const refuseStale = (
    stored: { version: number } | undefined,
    record: GroupRecord | LaunchRecord | ResizeRecord,
  ): void => {
    if ((stored?.version ?? 0) === record.version) return;
    throw new StaleRecordError(
      `The record of ${record.autoScalingGroupName} changed after version ${record.version} was read`,
    );
  };

  return {
    writes,

    createIncident: async (incident, autoScalingGroupNames) => {
      countWrite('incidents', incident);
      const existing = incidents.get(incident.incidentId);
      if (existing !== undefined) return copy(existing);
      incidents.set(incident.incidentId, copy(incident));
      groupsOfIncident.set(incident.incidentId, [...autoScalingGroupNames]);
      return copy(incident);
    },

    readIncident: async (incidentId) => {
      countReads([incidents.get(incidentId)]);
      return copy(incidents.get(incidentId));
    },

    readIncidentGroups: async (incidentId) => [...(groupsOfIncident.get(incidentId) ?? [])],

    changeIncident: async (incidentId, change) => {
      const incident = incidents.get(incidentId);
      countWrite('incidents', incident);
      if (incident === undefined) throw new IncidentClosedError(`The incident ${incidentId} is not open`);
      incidents.set(incidentId, { ...incident, ...copy(change) });
    },

    closeIncident: async (incidentId) => {
      countWrite('incidents', undefined);
      incidents.delete(incidentId);
      groupsOfIncident.delete(incidentId);
    },

    listOpenIncidents: async () =>
      copy([...incidents.values()]).sort((a, b) => (a.incidentId < b.incidentId ? -1 : 1)),

    readGroups: async (autoScalingGroupNames) => {
      countReads(autoScalingGroupNames.map((name) => groups.get(name)));
      return autoScalingGroupNames.map((name) => copy(groups.get(name)) ?? emptyGroupRecord(name));
    },

    writeGroup: async (record) => {
      const { autoScalingGroupName, version } = record;
      // A removal is paid for as what it removes.
      const isRemoval = record.holds.length === 0 && record.lease === undefined;
      countWrite('groups', toGroupItem(isRemoval ? (groups.get(autoScalingGroupName) ?? record) : record));
      refuseStale(groups.get(autoScalingGroupName), record);
      if (isRemoval) {
        groups.delete(autoScalingGroupName);
        return emptyGroupRecord(autoScalingGroupName);
      }
      const next = { ...copy(record), version: version + 1 };
      groups.set(autoScalingGroupName, next);
      return copy(next);
    },

    readLaunches: async (autoScalingGroupNames) =>
      autoScalingGroupNames.map((name) => copy(launches.get(name)) ?? emptyLaunchRecord(name)),

    writeLaunches: async (record) => {
      countWrite('launches', record);
      refuseStale(launches.get(record.autoScalingGroupName), record);
      const next = { ...copy(record), version: record.version + 1 };
      launches.set(record.autoScalingGroupName, next);
      return copy(next);
    },

    readResizes: async (autoScalingGroupNames) =>
      autoScalingGroupNames.map((name) => copy(resizes.get(name)) ?? emptyResizeRecord(name)),

    writeResize: async (record) => {
      countWrite('resizes', record);
      const { autoScalingGroupName, version } = record;
      refuseStale(resizes.get(autoScalingGroupName), record);
      if (record.work === undefined) {
        resizes.delete(autoScalingGroupName);
        return emptyResizeRecord(autoScalingGroupName);
      }
      const next = { ...copy(record), version: version + 1 };
      resizes.set(autoScalingGroupName, next);
      return copy(next);
    },

    keepEvidence: async (incidentId, evidence) => {
      const kept = evidenceOf.get(incidentId) ?? new Map<string, Evidence>();
      kept.set(evidence.instanceId, copy(evidence));
      evidenceOf.set(incidentId, kept);
    },

    readEvidence: async (incidentId, instanceId) =>
      copy([...(evidenceOf.get(incidentId)?.values() ?? [])])
        .filter((evidence) => instanceId === undefined || evidence.instanceId === instanceId)
        .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1)),

    appendJournal: async (incidentId, entries) => {
      if (entries.length === 0) return;
      countWrite('journal', entries);
      journals.set(incidentId, [...(journals.get(incidentId) ?? []), ...copy(entries)]);
    },

    readJournal: async (incidentId) => copy(journals.get(incidentId) ?? []),

    addNotice: async (notice) => {
      const identity = `${notice.kind}#${notice.identity}`;
      countWrite('notices', notice);
      if (notices.has(identity)) return false;
      notices.set(identity, copy(notice));
      onNotice(copy(notice));
      return true;
    },

    listGroups: () => copy([...groups.values()]),

    listLaunches: () => copy([...launches.values()]),

    listResizes: () => copy([...resizes.values()]),

    listEvidence: () => copy([...evidenceOf.values()].flatMap((kept) => [...kept.values()])),

    listJournals: () => copy([...journals].map(([incidentId, entries]) => ({ incidentId, entries }))),
  };
};
