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
import { chunk } from '../domain/chunk.ts';
import type { Condition, Item, Key, Table } from './table.ts';

/** Keys per BatchGetItem call (DynamoDB API reference). */
const keysPerBatchGet = 100;

/** Calls made at once where one call is not enough. */
const callsAtOnce = 4;

/** `true` when the write happened, `false` when its condition was not met. */
const isConditionMet = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
};

const conditionOf = (condition: Condition | undefined) => {
  if (condition === undefined) return {};
  if (condition === 'absent') return { ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ConditionExpression: '#record.#version = :version',
    ExpressionAttributeNames: { '#record': 'record', '#version': 'version' },
    ExpressionAttributeValues: { ':version': condition.version },
  };
};

/**
 * The table in DynamoDB, with the keys `pk` and `sk` and the TTL attribute `ttl`. Every read is consistent.
 * Source: DynamoDB API reference; what it refuses: "Quotas in Amazon DynamoDB".
 */
export const createDynamoDbTable = (client: DynamoDBClient, TableName: string): Table => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  const getPage = async (page: Key[]): Promise<Item[]> => {
    const items: Item[] = [];
    let keys: Record<string, unknown>[] = page.map((key) => ({ ...key }));
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await documents.send(
        new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys, ConsistentRead: true } } }),
      );
      items.push(...((Responses?.[TableName] ?? []) as Item[]));
      keys = UnprocessedKeys?.[TableName]?.Keys ?? [];
    }
    return items;
  };

  return {
    get: async ({ pk, sk }) => {
      const { Item } = await documents.send(
        new GetCommand({ TableName, Key: { pk, sk }, ConsistentRead: true }),
      );
      return Item as Item | undefined;
    },

    getMany: async (keys) =>
      (await pMap(chunk(keys, keysPerBatchGet), getPage, { concurrency: callsAtOnce })).flat(),

    query: async (pk, skPrefix) => {
      const items: Item[] = [];
      let startKey: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(
          new QueryCommand({
            TableName,
            // An empty prefix is no prefix: DynamoDB refuses an empty value for a key.
            ...(skPrefix === undefined
              ? { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } }
              : {
                  KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
                  ExpressionAttributeValues: { ':pk': pk, ':prefix': skPrefix },
                }),
            ConsistentRead: true,
            ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
          }),
        );
        items.push(...((page.Items ?? []) as Item[]));
        startKey = page.LastEvaluatedKey;
      } while (startKey !== undefined);
      return items;
    },

    put: (item, condition) =>
      isConditionMet(documents.send(new PutCommand({ TableName, Item: item, ...conditionOf(condition) }))),

    setFields: ({ pk, sk }, attribute, fields) => {
      const entries = Object.entries(fields);
      return isConditionMet(
        documents.send(
          new UpdateCommand({
            TableName,
            Key: { pk, sk },
            UpdateExpression: `SET ${entries.map((_, index) => `#a.#f${index} = :v${index}`).join(', ')}`,
            ExpressionAttributeNames: {
              '#a': attribute,
              ...Object.fromEntries(entries.map(([name], index) => [`#f${index}`, name])),
            },
            ExpressionAttributeValues: Object.fromEntries(
              entries.map(([, value], index) => [`:v${index}`, value]),
            ),
            ConditionExpression: 'attribute_exists(pk)',
          }),
        ),
      );
    },

    remove: ({ pk, sk }, condition) =>
      isConditionMet(
        documents.send(new DeleteCommand({ TableName, Key: { pk, sk }, ...conditionOf(condition) })),
      ),
  };
};
