import type { Notice } from '../../functions/domain/telling/notice.ts';
import type { VirtualTime } from '../virtual-time.ts';

interface StreamRecord {
  eventName: 'INSERT';
  dynamodb: { SequenceNumber: string; NewImage: { notice: { S: string } } };
}

/** How a function reads the stream, from `serverless.yml`. */
export interface StreamReader {
  functionName: string;
  batchSize: number;
  batchWindowSeconds: number;
  retryAttempts: number;
}

/** The pause between two tries of a batch; Lambda does not say how long its own are. */
const retrySeconds = 5;

/**
 * The stream of the table with an event source mapping, simulated as far as notices go: all of one partition key are
 * in one shard, of which one batch at a time is read. A batch begins with the first record and waits for others until
 * its window is over or it is full; what failed is tried again, beginning with the first record that failed.
 * Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
 */
export const createNoticeStream = (
  time: VirtualTime,
  reader: StreamReader,
  invoke: (functionName: string, event: unknown) => Promise<unknown>,
  onFailure: (name: string, error: Error) => void,
) => {
  const shard: StreamRecord[] = [];
  let isReading = false;
  let count = 0;

  const readBatch = async (batch: StreamRecord[]): Promise<void> => {
    let left = batch;
    for (let tries = 0; left.length > 0; tries += 1) {
      if (reader.retryAttempts >= 0 && tries > reader.retryAttempts) {
        onFailure(reader.functionName, new Error(`${left.length} notices were told to nobody`));
        return;
      }
      if (tries > 0) await time.sleep(retrySeconds * 1000);
      try {
        const { batchItemFailures } = (await invoke(reader.functionName, { Records: left })) as {
          batchItemFailures: { itemIdentifier: string }[];
        };
        const [failed] = batchItemFailures;
        if (failed === undefined) return;
        const from = left.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === failed.itemIdentifier);
        left = left.slice(Math.max(0, from));
      } catch (error) {
        onFailure(reader.functionName, error as Error);
      }
    }
  };

  const read = async (): Promise<void> => {
    isReading = true;
    while (shard.length > 0) {
      if (shard.length < reader.batchSize) await time.sleep(reader.batchWindowSeconds * 1000);
      await readBatch(shard.splice(0, reader.batchSize));
    }
    isReading = false;
  };

  return {
    insert: (notice: Notice): void => {
      count += 1;
      shard.push({
        eventName: 'INSERT',
        dynamodb: {
          SequenceNumber: String(count).padStart(21, '0'),
          NewImage: { notice: { S: JSON.stringify(notice) } },
        },
      });
      if (!isReading) void read();
    },
  };
};
