import { IncidentClosedError, StaleRecordError } from '../functions/domain/errors.ts';
import type { Evidence } from '../functions/domain/evidence.ts';
import { emptyGroupRecord, type GroupRecord } from '../functions/domain/group-record.ts';
import type { Incident, JournalEntry } from '../functions/domain/incident.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../functions/domain/launch-record.ts';
import { emptyResizeRecord, type ResizeRecord } from '../functions/domain/resize-record.ts';
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

/**
 * A store in memory. Values are copied in and out, so that nobody can change what is stored by holding on to it.
 */
export const createMemoryStore = (): MemoryStore => {
  const incidents = new Map<string, Incident>();
  const groupsOfIncident = new Map<string, string[]>();
  const groups = new Map<string, GroupRecord>();
  const launches = new Map<string, LaunchRecord>();
  const resizes = new Map<string, ResizeRecord>();
  const evidenceOf = new Map<string, Map<string, Evidence>>();
  const journals = new Map<string, JournalEntry[]>();
  const writes: WriteCounts = { incidents: 0, groups: 0, launches: 0, resizes: 0, journal: 0 };
  const copy = <Value>(value: Value): Value => structuredClone(value);

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
      writes.incidents += 1;
      const existing = incidents.get(incident.incidentId);
      if (existing !== undefined) return copy(existing);
      incidents.set(incident.incidentId, copy(incident));
      groupsOfIncident.set(incident.incidentId, [...autoScalingGroupNames]);
      return copy(incident);
    },

    readIncident: async (incidentId) => copy(incidents.get(incidentId)),

    readIncidentGroups: async (incidentId) => [...(groupsOfIncident.get(incidentId) ?? [])],

    changeIncident: async (incidentId, change) => {
      writes.incidents += 1;
      const incident = incidents.get(incidentId);
      if (incident === undefined) throw new IncidentClosedError(`The incident ${incidentId} is not open`);
      incidents.set(incidentId, { ...incident, ...copy(change) });
    },

    closeIncident: async (incidentId) => {
      writes.incidents += 1;
      incidents.delete(incidentId);
      groupsOfIncident.delete(incidentId);
    },

    listOpenIncidents: async () =>
      copy([...incidents.values()]).sort((a, b) => (a.incidentId < b.incidentId ? -1 : 1)),

    readGroups: async (autoScalingGroupNames) =>
      autoScalingGroupNames.map((name) => copy(groups.get(name)) ?? emptyGroupRecord(name)),

    writeGroup: async (record) => {
      writes.groups += 1;
      const { autoScalingGroupName, version } = record;
      refuseStale(groups.get(autoScalingGroupName), record);
      if (record.holds.length === 0 && record.lease === undefined) {
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
      writes.launches += 1;
      refuseStale(launches.get(record.autoScalingGroupName), record);
      const next = { ...copy(record), version: record.version + 1 };
      launches.set(record.autoScalingGroupName, next);
      return copy(next);
    },

    readResizes: async (autoScalingGroupNames) =>
      autoScalingGroupNames.map((name) => copy(resizes.get(name)) ?? emptyResizeRecord(name)),

    writeResize: async (record) => {
      writes.resizes += 1;
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
      writes.journal += 1;
      journals.set(incidentId, [...(journals.get(incidentId) ?? []), ...copy(entries)]);
    },

    readJournal: async (incidentId) => copy(journals.get(incidentId) ?? []),

    listGroups: () => copy([...groups.values()]),

    listLaunches: () => copy([...launches.values()]),

    listResizes: () => copy([...resizes.values()]),

    listEvidence: () => copy([...evidenceOf.values()].flatMap((kept) => [...kept.values()])),

    listJournals: () => copy([...journals].map(([incidentId, entries]) => ({ incidentId, entries }))),
  };
};
