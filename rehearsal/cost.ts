/** What a rehearsal used of the services that are paid for. */
export interface Usage {
  /** State transitions, retries included. */
  transitions: number;
  invocations: number;
  /** Seconds that functions ran, starts included. */
  billedSeconds: number;
  writeUnits: number;
  /** Units of strongly consistent reads. */
  readUnits: number;
}

/** The same, with its price in dollars. */
export interface Cost extends Usage {
  /** Transitions, invocations with their seconds, and writes. */
  dollars: number;
  /** Reads come on top. */
  dollarsOfReads: number;
}

/**
 * List prices of us-east-1 in dollars, of Standard state machines, arm64 functions and tables on demand.
 * Sources: the pricing pages of AWS Step Functions, AWS Lambda and Amazon DynamoDB.
 */
const prices = {
  transition: 0.025 / 1000,
  invocation: 0.2 / 1_000_000,
  gigabyteSecond: 0.0000133334,
  writeUnit: 0.625 / 1_000_000,
  readUnit: 0.125 / 1_000_000,
};
/** `memorySize` in `serverless.yml`. */
const gigabytes = 0.5;

const rounded = (dollars: number): number => Math.round(dollars * 1_000_000) / 1_000_000;

/** What a usage costs, before any free tier. */
export const priceOf = (usage: Usage): Cost => ({
  ...usage,
  billedSeconds: Math.round(usage.billedSeconds * 10) / 10,
  dollars: rounded(
    usage.transitions * prices.transition +
      usage.invocations * prices.invocation +
      usage.billedSeconds * gigabytes * prices.gigabyteSecond +
      usage.writeUnits * prices.writeUnit,
  ),
  dollarsOfReads: rounded(usage.readUnits * prices.readUnit),
});
