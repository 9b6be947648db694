import { type CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { toDate } from '../domain/times.ts';

/** AWS CloudTrail, as far as Holdfast uses it. */
export interface CloudTrail {
  /**
   * Management events of one name in a span of time, the newest first; of very many the newest 250. They come minutes late:
   * on average five, says the user guide. At most two calls a second in an account and Region (API reference, LookupEvents).
   *
   * @param from ISO 8601
   * @param until ISO 8601
   * @returns each as CloudTrail keeps it: JSON
   */
  lookupEvents(eventName: string, from: string, until: string): Promise<string[]>;
}

/** Pages of fifty events, the most of one page. */
const pagesMax = 5;

/** Wraps a client in the one operation Holdfast makes. */
export const createCloudTrail = (client: CloudTrailClient): CloudTrail => ({
  lookupEvents: async (eventName, from, until) => {
    const events: string[] = [];
    let NextToken: string | undefined;
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await client.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: eventName }],
          StartTime: toDate(from),
          EndTime: toDate(until),
          MaxResults: 50,
          ...(NextToken === undefined ? {} : { NextToken }),
        }),
      );
      events.push(...(answer.Events ?? []).flatMap(({ CloudTrailEvent }) => CloudTrailEvent ?? []));
      NextToken = answer.NextToken;
      if (NextToken === undefined) break;
    }
    return events;
  },
});
