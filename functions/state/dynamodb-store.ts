import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../clock.ts';
import { createStore } from './create-store.ts';
import { createDynamoDbTable } from './dynamodb-table.ts';
import type { Store } from './store.ts';

/**
 * The store of production.
 *
 * @param writerId tells this writer's own retried write from somebody else's
 */
export const createDynamoDbStore = (
  client: DynamoDBClient,
  tableName: string,
  clock: Clock,
  writerId: () => string,
): Store => createStore(createDynamoDbTable(client, tableName), clock, writerId);
