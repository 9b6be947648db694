/** Something about the command is wrong; the message says what and how to mend it. */
export class UsageError extends Error {
  override name = 'UsageError';
}
