import { gunzipSync, gzipSync } from 'node:zlib';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import type { Clock } from '../clock.ts';
import { chunk, chunkBySize } from '../domain/chunk.ts';
import { IncidentClosedError, StaleRecordError } from '../domain/errors.ts';
import type { Evidence } from '../domain/evidence.ts';
import { emptyGroupRecord } from '../domain/group-record.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import { emptyLaunchRecord, type LaunchRecord } from '../domain/launch-record.ts';
import { emptyResizeRecord, type ResizeRecord } from '../domain/resize-record.ts';
import { fromGroupItem, type GroupItem, toGroupItem } from './group-item.ts';
import type { Store } from './store.ts';

/** Keys per BatchGetItem call (DynamoDB API reference). */
const keysPerBatchGet = 100;
/** Group names per item: 1,000 names of 255 characters still fit well into DynamoDB's 400 KB. */
const namesPerItem = 500;
/** Characters of journal per item: written as UTF-8, also if each took three bytes, far below DynamoDB's 400 KB. */
const journalCharactersPerItem = 100_000;
/** Days for which the journal is kept; DynamoDB removes it some time after. */
const journalDays = 90;

/** Primary key of an item. */
interface Key {
  pk: string;
  sk: string;
}
/** A record of one group, written only over the version that was read. */
interface Versioned {
  autoScalingGroupName: string;
  version: number;
}

const openIncidents = 'incidents';
const incidentKey = (incidentId: string) => ({ pk: openIncidents, sk: incidentId });
const groupKey = (name: string) => ({ pk: `group#${name}`, sk: 'record' });
const resizeKey = (name: string) => ({ pk: `group#${name}`, sk: 'resize' });
const launchesKey = (name: string) => ({ pk: `group#${name}`, sk: 'launches' });
/** One key for all of them, so that the stream has them in one shard: one reader at a time, who sees them together. */
const noticesKey = 'notices';
const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/**
 * The store in one DynamoDB table with the keys `pk` and `sk` and the TTL attribute `ttl`.
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
 * | `group#<name>` | `launches` | waits, failures, drains, breaker of one group |
 *
 * @param writerId tells this writer's own retried write from somebody else's
 */
export const createDynamoDbStore = (
  client: DynamoDBClient,
  tableName: string,
  clock: Clock,
  writerId: () => string,
): Store => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const ttl = () => Math.floor(Date.parse(clock.now()) / 1000) + journalDays * 86_400;

  const query = async (pk: string, prefix: string): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = [];
    let startKey: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
          ConsistentRead: true,
          ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
        }),
      );
      items.push(...(page.Items ?? []));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
    return items;
  };

  const readIncident = async (incidentId: string): Promise<Incident | undefined> => {
    const { Item } = await documents.send(
      new GetCommand({ TableName: tableName, Key: incidentKey(incidentId), ConsistentRead: true }),
    );
    return Item?.incident as Incident | undefined;
  };

  /** Whether nothing was there before: what was written first stays. */
  const putIfAbsent = async (item: Record<string, unknown>): Promise<boolean> => {
    try {
      await documents.send(
        new PutCommand({
          TableName: tableName,
          Item: item,
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
      return true;
    } catch (error) {
      if (isNamed(error, 'ConditionalCheckFailedException')) return false;
      throw error;
    }
  };

  const batchGet = async <Value extends Versioned>(
    names: string[],
    keyOf: (name: string) => Key,
  ): Promise<Map<string, Value>> => {
    const records = new Map<string, Value>();
    let keys: Record<string, unknown>[] = names.map((name) => ({ ...keyOf(name) }));
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await documents.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const { record } of Responses?.[tableName] ?? []) {
        records.set((record as Value).autoScalingGroupName, record as Value);
      }
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    return records;
  };

  const readRecords = async <Value extends Versioned>(
    names: string[],
    keyOf: (name: string) => Key,
    emptyRecord: (name: string) => Value,
  ): Promise<Value[]> => {
    const pages = await pMap(chunk(names, keysPerBatchGet), (page) => batchGet<Value>(page, keyOf), {
      concurrency: 4,
    });
    const records = new Map(pages.flatMap((page) => [...page]));
    return names.map((name) => records.get(name) ?? emptyRecord(name));
  };

  /** Writes a record if nobody did since it was read; `undefined` when it is to be removed and is gone. */
  const writeRecord = async <Value extends Versioned>(
    record: Value,
    keyOf: (name: string) => Key,
    isRemoval: boolean,
    more: Record<string, unknown> = {},
  ): Promise<Value | undefined> => {
    const { autoScalingGroupName, version } = record;
    const next = { ...record, version: version + 1 };
    const key = keyOf(autoScalingGroupName);
    const writtenBy = writerId();
    const condition =
      version === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#record.#version = :version',
            ExpressionAttributeNames: { '#record': 'record', '#version': 'version' },
            ExpressionAttributeValues: { ':version': version },
          };
    const target = { TableName: tableName, ...condition };
    if (isRemoval && version === 0) return undefined;
    try {
      if (isRemoval) {
        await documents.send(new DeleteCommand({ ...target, Key: key }));
        return undefined;
      }
      await documents.send(new PutCommand({ ...target, Item: { ...key, record: next, writtenBy, ...more } }));
      return next;
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
      // The SDK repeats a write whose answer was lost; our own first try then fails our own second one. A
      // removal leaves nothing to recognise: absence is what it was for.
      const { Item: stored } = await documents.send(
        new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }),
      );
      if (stored?.writtenBy === writtenBy) return next;
      if (isRemoval && stored === undefined) return undefined;
      throw new StaleRecordError(
        `The record of ${autoScalingGroupName} changed after version ${version} was read`,
        { cause: error },
      );
    }
  };

  return {
    createIncident: async (incident, autoScalingGroupNames) => {
      await pMap(
        chunk(autoScalingGroupNames, namesPerItem).entries(),
        ([index, names]) =>
          putIfAbsent({
            pk: `incident#${incident.incidentId}`,
            sk: `groups#${String(index).padStart(4, '0')}`,
            names,
          }),
        { concurrency: 4 },
      );
      const isNew = await putIfAbsent({ ...incidentKey(incident.incidentId), incident });
      return isNew ? incident : ((await readIncident(incident.incidentId)) ?? incident);
    },

    readIncident,

    readIncidentGroups: async (incidentId) =>
      (await query(`incident#${incidentId}`, 'groups#')).flatMap(({ names }) => names as string[]),

    changeIncident: async (incidentId, change) => {
      const fields = Object.entries(change);
      try {
        await documents.send(
          new UpdateCommand({
            TableName: tableName,
            Key: incidentKey(incidentId),
            UpdateExpression: `SET ${fields.map((_, index) => `incident.#f${index} = :v${index}`).join(', ')}`,
            ExpressionAttributeNames: Object.fromEntries(fields.map(([name], index) => [`#f${index}`, name])),
            ExpressionAttributeValues: Object.fromEntries(
              fields.map(([, value], index) => [`:v${index}`, value]),
            ),
            ConditionExpression: 'attribute_exists(pk)',
          }),
        );
      } catch (error) {
        if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
        throw new IncidentClosedError(`The incident ${incidentId} is not open`, { cause: error });
      }
    },

    closeIncident: async (incidentId) => {
      await documents.send(new DeleteCommand({ TableName: tableName, Key: incidentKey(incidentId) }));
      for (const { pk, sk } of await query(`incident#${incidentId}`, 'groups#')) {
        await documents.send(new DeleteCommand({ TableName: tableName, Key: { pk, sk } }));
      }
    },

    listOpenIncidents: async () =>
      (await query(openIncidents, '')).map(({ incident }) => incident as Incident),

    readGroups: async (names) =>
      (await readRecords<GroupItem>(names, groupKey, (name) => toGroupItem(emptyGroupRecord(name)))).map(
        fromGroupItem,
      ),

    writeGroup: async (record) => {
      const isRemoval = record.holds.length === 0 && record.lease === undefined;
      const written = await writeRecord(toGroupItem(record), groupKey, isRemoval);
      return written === undefined ? emptyGroupRecord(record.autoScalingGroupName) : fromGroupItem(written);
    },

    readLaunches: (names) => readRecords<LaunchRecord>(names, launchesKey, emptyLaunchRecord),

    writeLaunches: async (record) =>
      (await writeRecord(record, launchesKey, false, { ttl: ttl() })) ?? record,

    readResizes: (names) => readRecords<ResizeRecord>(names, resizeKey, emptyResizeRecord),

    writeResize: async (record) =>
      (await writeRecord(record, resizeKey, record.work === undefined)) ??
      emptyResizeRecord(record.autoScalingGroupName),

    keepEvidence: async (incidentId, evidence) => {
      await documents.send(
        new PutCommand({
          TableName: tableName,
          Item: {
            pk: `incident#${incidentId}`,
            sk: `evidence#${evidence.instanceId}`,
            evidence: gzipSync(JSON.stringify(evidence)),
            ttl: ttl(),
          },
        }),
      );
    },

    readEvidence: async (incidentId, instanceId = '') =>
      (await query(`incident#${incidentId}`, `evidence#${instanceId}`)).map(
        ({ evidence }) => JSON.parse(gunzipSync(evidence as Uint8Array).toString('utf8')) as Evidence,
      ),

    addNotice: (notice) =>
      putIfAbsent({
        pk: noticesKey,
        sk: `${notice.kind}#${notice.identity}`,
        // As text: its reader gets it from the stream, which would spell out every type.
        notice: JSON.stringify(notice),
        ttl: ttl(),
      }),

    appendJournal: async (incidentId, entries) => {
      const writtenAt = clock.now();
      const token = writerId();
      for (const [index, part] of chunkBySize(entries, journalCharactersPerItem).entries()) {
        await documents.send(
          new PutCommand({
            TableName: tableName,
            Item: {
              pk: `incident#${incidentId}`,
              sk: `journal#${writtenAt}#${token}#${String(index).padStart(4, '0')}`,
              entries: part,
              ttl: ttl(),
            },
          }),
        );
      }
    },

    readJournal: async (incidentId) =>
      (await query(`incident#${incidentId}`, 'journal#')).flatMap(({ entries }) => entries as JournalEntry[]),
  };
};
