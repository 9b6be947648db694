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
import { chunk } from '../domain/chunk.ts';
import { IncidentClosedError, StaleRecordError } from '../domain/errors.ts';
import { emptyGroupRecord, type GroupRecord } from '../domain/group-record.ts';
import type { Incident, JournalEntry } from '../domain/incident.ts';
import type { Store } from './store.ts';

/** Keys per BatchGetItem call (DynamoDB API reference). */
const keysPerBatchGet = 100;
/** Group names per item: 1,000 names of 255 characters still fit well into DynamoDB's 400 KB. */
const namesPerItem = 500;
/** Journal entries per item; an entry is about a kilobyte at most. */
const entriesPerItem = 100;
/** Days for which the journal is kept; DynamoDB removes it some time after. */
const journalDays = 90;

const openIncidents = 'incidents';
const incidentKey = (incidentId: string) => ({ pk: openIncidents, sk: incidentId });
const groupKey = (name: string) => ({ pk: `group#${name}`, sk: 'record' });
const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/**
 * The store in one DynamoDB table with the keys `pk` and `sk` and the TTL attribute `ttl`.
 *
 * | pk | sk | what |
 * | --- | --- | --- |
 * | `incidents` | incident id | an open incident |
 * | `incident#<id>` | `groups#0000` … | the names of its groups |
 * | `incident#<id>` | `journal#<time>#<n>` | its journal, kept for 90 days |
 * | `group#<name>` | `record` | baseline, holds, lease of one group |
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

  const batchGet = async (names: string[]): Promise<Map<string, GroupRecord>> => {
    const records = new Map<string, GroupRecord>();
    let keys: Record<string, unknown>[] = names.map(groupKey);
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await documents.send(
        new BatchGetCommand({ RequestItems: { [tableName]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const { record } of Responses?.[tableName] ?? []) {
        records.set((record as GroupRecord).autoScalingGroupName, record as GroupRecord);
      }
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    return records;
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

    readGroups: async (autoScalingGroupNames) => {
      const pages = await pMap(chunk(autoScalingGroupNames, keysPerBatchGet), batchGet, { concurrency: 4 });
      const records = new Map(pages.flatMap((page) => [...page]));
      return autoScalingGroupNames.map((name) => records.get(name) ?? emptyGroupRecord(name));
    },

    writeGroup: async (record) => {
      const next = { ...record, version: record.version + 1 };
      const writtenBy = writerId();
      const condition =
        record.version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#record.#version = :version',
              ExpressionAttributeNames: { '#record': 'record', '#version': 'version' },
              ExpressionAttributeValues: { ':version': record.version },
            };
      const target = { TableName: tableName, ...condition };
      const isRemoval = record.holds.length === 0 && record.lease === undefined;
      if (isRemoval && record.version === 0) return emptyGroupRecord(record.autoScalingGroupName);
      try {
        if (isRemoval) {
          await documents.send(new DeleteCommand({ ...target, Key: groupKey(record.autoScalingGroupName) }));
          return emptyGroupRecord(record.autoScalingGroupName);
        }
        await documents.send(
          new PutCommand({
            ...target,
            Item: { ...groupKey(record.autoScalingGroupName), record: next, writtenBy },
          }),
        );
        return next;
      } catch (error) {
        if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
        // The SDK repeats a write whose answer was lost; our own first try then fails our own second one. A
        // removal leaves nothing to recognise: absence is what it was for.
        const { Item: stored } = await documents.send(
          new GetCommand({
            TableName: tableName,
            Key: groupKey(record.autoScalingGroupName),
            ConsistentRead: true,
          }),
        );
        if (stored?.writtenBy === writtenBy) return next;
        if (isRemoval && stored === undefined) return emptyGroupRecord(record.autoScalingGroupName);
        throw new StaleRecordError(
          `The record of ${record.autoScalingGroupName} changed after version ${record.version} was read`,
          { cause: error },
        );
      }
    },

    appendJournal: async (incidentId, entries) => {
      const writtenAt = clock.now();
      const token = writerId();
      for (const [index, part] of chunk(entries, entriesPerItem).entries()) {
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
