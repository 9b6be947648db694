import type { Item, Key } from '../functions/state/table.ts';

/**
 * What DynamoDB refuses, so that the clouds of our own refuse it too. dynalite lacks most of it (dynalite issue 164).
 * Sources: DynamoDB Developer Guide, "Quotas in Amazon DynamoDB" (partition key 2,048 bytes, sort key 1,024 bytes, item
 * 400 KB, names included); API reference, AttributeValue (no empty sets, no empty key values, in conditions neither).
 */
const partitionKeyBytesMax = 2048;
const sortKeyBytesMax = 1024;
const itemBytesMax = 400 * 1024;

/** DynamoDB's own name for a request that it does not take. */
class ValidationException extends Error {
  override name = 'ValidationException';
  $metadata = { httpStatusCode: 400 };
}

/**
 * What DynamoDB counts for a value (Developer Guide, "DynamoDB item sizes and formats"): text as UTF-8, names
 * included; a number a byte for two digits and one more; three bytes for a list or a map and one for each element.
 */
const valueBytes = (value: unknown): number => {
  if (value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).length / 2) + 1;
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + 1 + valueBytes(each), 3);
  return Object.entries(value).reduce(
    (sum, [name, each]) => sum + 1 + Buffer.byteLength(name) + valueBytes(each),
    3,
  );
};

/** Bytes of a whole item, keys and names included. */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

const refuseKeyPart = (name: 'pk' | 'sk', value: unknown, bytesMax: number): void => {
  if (typeof value !== 'string') {
    throw new ValidationException(
      `One or more parameter values were invalid: Type mismatch for key ${name} expected: S`,
    );
  }
  if (value === '') {
    throw new ValidationException(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
    );
  }
  if (Buffer.byteLength(value) > bytesMax) {
    throw new ValidationException(
      `One or more parameter values were invalid: Size of ${name === 'pk' ? 'hashkey' : 'rangekey'} has exceeded the maximum size limit of${bytesMax} bytes`,
    );
  }
};

/** @throws ValidationException for a key that DynamoDB does not take, in an item or in a condition */
export const refuseKey = ({ pk, sk }: Partial<Key>): void => {
  refuseKeyPart('pk', pk, partitionKeyBytesMax);
  refuseKeyPart('sk', sk, sortKeyBytesMax);
};

/** @throws ValidationException for the key condition of a query that DynamoDB does not take */
export const refuseKeyCondition = (pk: unknown, skPrefix?: unknown): void => {
  refuseKeyPart('pk', pk, partitionKeyBytesMax);
  if (skPrefix !== undefined) refuseKeyPart('sk', skPrefix, sortKeyBytesMax);
};

const refuseEmptySets = (value: unknown): void => {
  if (value instanceof Set && value.size === 0) {
    throw new ValidationException(
      'One or more parameter values were invalid: An string set  may not be empty',
    );
  }
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    for (const each of Object.values(value)) refuseEmptySets(each);
  }
};

/** @throws ValidationException for an item that DynamoDB does not take */
export const refuseItem = (item: Item): void => {
  refuseKey(item);
  refuseEmptySets(item);
  if (itemBytes(item) > itemBytesMax) {
    throw new ValidationException('Item size has exceeded the maximum allowed size');
  }
};
