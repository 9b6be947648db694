import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Item, Key } from '../../functions/state/table.ts';
import { refuseItem, refuseKey, refuseKeyCondition } from '../../rehearsal/dynamodb-rules.ts';

/** Holds every request of the document client against DynamoDB's rules before dynalite, which lacks them, answers it. */
const refuseWhatDynaliteAccepts = ({ middlewareStack }: DynamoDBClient): void =>
  middlewareStack.add(
    (next) => (args) => {
      const input = args.input as {
        Item?: Item;
        Key?: Partial<Key>;
        RequestItems?: Record<string, { Keys?: Partial<Key>[] }>;
        KeyConditionExpression?: string;
        ExpressionAttributeValues?: Record<string, unknown>;
      };
      if (input.Item !== undefined) refuseItem(input.Item);
      if (input.Key !== undefined) refuseKey(input.Key);
      for (const { Keys = [] } of Object.values(input.RequestItems ?? {})) {
        for (const key of Keys) refuseKey(key);
      }
      if (input.KeyConditionExpression !== undefined) {
        const { ':pk': pk, ':prefix': prefix } = input.ExpressionAttributeValues ?? {};
        refuseKeyCondition(pk, prefix);
      }
      return next(args);
    },
    { step: 'initialize', priority: 'high', name: 'dynamoDbRules' },
  );

/** A table in a dynalite of its own that refuses what DynamoDB refuses. */
export interface Dynalite {
  client: DynamoDBClient;
  endpoint: string;
  name: string;
  stop: () => Promise<void>;
}

/** Starts one on a free port. */
export const startDynalite = async (name = 'holdfast'): Promise<Dynalite> => {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const command = new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  await client.send(command);
  refuseWhatDynaliteAccepts(client);
  return {
    client,
    endpoint,
    name,
    stop: async () => {
      client.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
