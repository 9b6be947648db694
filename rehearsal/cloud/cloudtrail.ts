import type { VirtualTime } from '../virtual-time.ts';
import { accountId, region } from './cloudwatch.ts';

/** Who makes a call, as CloudTrail writes it down. */
export interface Caller {
  userIdentity: Record<string, unknown>;
  userAgent: string;
}

/** What the facts leave open of CloudTrail. */
export interface CloudTrailQuirks {
  /** How long it takes to tell of a call. */
  trailDelaySeconds: number;
}

/** A person with the AWS command line, where a story says nothing else. */
export const operator: Caller = {
  userIdentity: {
    type: 'IAMUser',
    arn: `arn:aws:iam::${accountId}:user/operator`,
    accountId,
    userName: 'operator',
  },
  userAgent: 'aws-cli/2.17.0 md/Botocore#2.0.0',
};

/** A role that somebody or something has assumed. */
export const assumedRole = (role: string, session: string, userAgent: string): Caller => ({
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`,
    accountId,
    sessionContext: { sessionIssuer: { type: 'Role', userName: role } },
  },
  userAgent,
});

/** AWS's parameters with a lower-case first letter, as CloudTrail writes them. */
const parametersOf = (input: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(input).map(([key, value]) => [`${key.charAt(0).toLowerCase()}${key.slice(1)}`, value]),
  );

/**
 * AWS CloudTrail, simulated as far as LookupEvents goes: management events of one name in a span of time, the newest
 * first, fifty a page, and only those that were delivered. Delivery takes minutes.
 * Source: AWS CloudTrail API reference, LookupEvents; User Guide, "How CloudTrail works" (delivery: about five minutes
 * on average).
 *
 * @param delaySeconds how long delivery takes
 */
export const createCloudTrailService = (time: VirtualTime, delaySeconds: number) => {
  const events: { at: number; name: string; json: string }[] = [];
  return {
    /** Who makes the calls of a story's people and tools. */
    people: operator,
    /** Writes down a call that was accepted. */
    record: (name: string, input: Record<string, unknown>, { userIdentity, userAgent }: Caller): void => {
      if (/^(Describe|Get)/.test(name)) return;
      events.push({
        at: time.now(),
        name,
        json: JSON.stringify({
          eventVersion: '1.11',
          userIdentity,
          eventTime: `${time.iso().slice(0, 19)}Z`,
          eventSource: 'autoscaling.amazonaws.com',
          eventName: name,
          awsRegion: region,
          userAgent,
          requestParameters: parametersOf(input),
          responseElements: null,
        }),
      });
    },
    handle: (operation: string, input: Record<string, unknown>): object => {
      if (operation !== 'LookupEvents')
        throw new Error(`The simulated CloudTrail does not know ${operation} yet`);
      const [attribute] = input.LookupAttributes as { AttributeValue: string }[];
      const [from, until] = [input.StartTime as Date, input.EndTime as Date].map((date) => date.getTime());
      const found = events
        .filter(
          ({ at, name }) =>
            name === attribute?.AttributeValue &&
            at >= (from ?? 0) &&
            at <= (until ?? 0) &&
            at + delaySeconds * 1000 <= time.now(),
        )
        .reverse();
      const first = Number(input.NextToken ?? 0);
      const page = found.slice(first, first + 50);
      return {
        Events: page.map(({ json }) => ({ CloudTrailEvent: json })),
        ...(first + 50 < found.length ? { NextToken: String(first + 50) } : {}),
      };
    },
  };
};

/** The simulated CloudTrail. */
export type CloudTrailService = ReturnType<typeof createCloudTrailService>;
