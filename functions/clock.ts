/** Where time comes from. Tests and the rehearsal bring their own. */
export interface Clock {
  /** The present, ISO 8601 in UTC with milliseconds. */
  now(): string;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date().toISOString() };
