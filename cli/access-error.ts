/** What was asked for is not there, or cannot be reached; the message says what to do. */
export class AccessError extends Error {
  override name = 'AccessError';
}
