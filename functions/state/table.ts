/** Primary key of an item: both parts are texts, and DynamoDB takes neither when it is empty. */
export interface Key {
  pk: string;
  sk: string;
}

/** What is stored under a key: plain JSON. */
export type Item = Key & Record<string, unknown>;

/**
 * What must be true of what is stored for a write to happen.
 * - `absent`: nothing is there.
 * - `{ version }`: the record there has this version.
 */
export type Condition = 'absent' | { version: number };

/**
 * The one table, as far as the store uses it. Two implementations: DynamoDB in production, memory in the rehearsal.
 * Both refuse with a `ValidationException` what DynamoDB refuses: empty keys, keys and items that are too large.
 */
export interface Table {
  /** A consistent read; `undefined` when nothing is there. */
  get(key: Key): Promise<Item | undefined>;
  /** The items that are there, in any order. One call per 100 keys. */
  getMany(keys: Key[]): Promise<Item[]>;
  /** The items of one partition whose sort key begins with this (all of them without it), in the order of their sort keys. */
  query(pk: string, skPrefix?: string): Promise<Item[]>;
  /**
   * Writes an item over what is there.
   * @returns false when the condition is not met; nothing is written then
   */
  put(item: Item, condition?: Condition): Promise<boolean>;
  /**
   * Sets fields of the map `attribute` of an item that is there.
   * @returns false when nothing is there
   */
  setFields(key: Key, attribute: string, fields: Record<string, unknown>): Promise<boolean>;
  /**
   * Removes an item. Removing what is not there is success, unless a version is asked for.
   * @returns false when the condition is not met
   */
  remove(key: Key, condition?: { version: number }): Promise<boolean>;
}
