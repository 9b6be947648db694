import pMap from 'p-map';
import type * as z from 'zod/mini';
import type { Topic } from '../../aws/sns.ts';
import type { Clock } from '../../clock.ts';
import { bounded } from '../../domain/bounded.ts';
import { remediationOf } from '../../domain/execution-arn.ts';
import { composeMessages, type Message } from '../../domain/telling/compose-messages.ts';
import type { Place } from '../../domain/telling/console-links.ts';
import { type HeldNow, heldNow } from '../../domain/telling/held-now.ts';
import { type Measure, metricsOf } from '../../domain/telling/metrics.ts';
import type { Notice } from '../../domain/telling/notice.ts';
import { type noticeRecords, noticeSchema } from '../../events/notice-records.ts';
import type { Store } from '../../state/store.ts';

/** What TellPeople needs. */
export interface TellPeopleDependencies {
  store: Pick<Store, 'readGroups' | 'readIncident' | 'readResizes'>;
  clock: Clock;
  topic: Topic;
  place: Place;
  measure: Measure;
  log: { info(message: string, details: Record<string, unknown>): void };
}

/** The first record that could not be told, for Lambda to begin with again. */
export interface TellPeopleResult {
  batchItemFailures: { itemIdentifier: string }[];
}

/** A notice as the table keeps it; `undefined` for what is none. */
const parseNotice = (text: string | undefined): Notice | undefined => {
  let raw: unknown;
  try {
    raw = JSON.parse(text ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = noticeSchema.safeParse(raw);
  return parsed.success ? (parsed.data as Notice) : undefined;
};

/** Groups whose holders are looked up for one batch. */
const groupsLookedUp = 100;
/** Incidents of which it is looked up whether they are being given back. */
const incidentsLookedUp = 20;

/**
 * Tells people of what was written for them: one message for all that is of one kind. A message that the topic does
 * not take is tried again with everything after it, so that a thing may be told twice, but not never. Who holds the groups is looked up right before.
 */
export const createTellPeople = ({ topic, place, store, clock, measure, log }: TellPeopleDependencies) => {
  /** Who holds the groups of these notices; `undefined` when that cannot be read: people are told all the same. */
  const lookUp = async (notices: Notice[]): Promise<HeldNow | undefined> => {
    const names = [...new Set(notices.flatMap(({ groups, notHeld = [] }) => [...groups, ...notHeld]))];
    try {
      const records = await store.readGroups(names.slice(0, groupsLookedUp));
      const ids = [...new Set(records.flatMap(({ holds }) => holds.map(({ incidentId }) => incidentId)))];
      const incidents = await pMap(ids.slice(0, incidentsLookedUp), (id) => store.readIncident(id), {
        concurrency: 4,
      });
      const releasing = incidents.flatMap((incident) =>
        incident?.status === 'RELEASING' ? [incident.incidentId] : [],
      );
      const resized = records.filter(({ holds }) =>
        holds.some(({ incidentId }) => remediationOf(incidentId) === 'resize-in-place'),
      );
      const resizes = await store.readResizes(
        resized.map(({ autoScalingGroupName }) => autoScalingGroupName),
      );
      return heldNow(records, clock.now(), new Set(releasing), resizes);
    } catch (error) {
      log.info('who holds the groups cannot be read', { error: String(error) });
      return undefined;
    }
  };

  return async (event: z.output<typeof noticeRecords>): Promise<TellPeopleResult> => {
    // By identity: what is no longer so is told in other words, as another object.
    const sequenceNumbers = new Map<string, string>();
    const written: Notice[] = [];
    for (const { dynamodb } of event.Records) {
      const notice = parseNotice(dynamodb.NewImage?.notice?.S);
      // Written by another release, or by hand. The others must not wait for it.
      if (notice === undefined)
        log.info('cannot be read', { notice: bounded(JSON.stringify(dynamodb), 2000) });
      else {
        written.push(notice);
        sequenceNumbers.set(notice.identity, dynamodb.SequenceNumber);
      }
    }
    const firstRecord = ({ notices: [first] }: Message): string =>
      (first === undefined ? undefined : sequenceNumbers.get(first.identity)) ?? '';
    for (const message of composeMessages(place, written, await lookUp(written))) {
      const { subject, kind, notices } = message;
      const incidentIds = [...new Set(notices.map(({ incidentId }) => incidentId))];
      try {
        await topic.publish(message);
      } catch (error) {
        log.info('not told yet', { subject, kind, incidentIds, error: String(error) });
        return { batchItemFailures: [{ itemIdentifier: firstRecord(message) }] };
      }
      log.info('told', { subject, kind, incidentIds });
      for (const notice of notices) measure(metricsOf(notice));
    }
    return { batchItemFailures: [] };
  };
};
