import * as z from 'zod/mini';
import { bounded } from '../domain/bounded.ts';
import { noticeKinds } from '../domain/telling/notice.ts';

const text = z.string();
const count = z.optional(z.number());

const line = z.object({
  groups: z.optional(z.array(text)),
  moreGroups: z.optional(z.int()),
  untilGivenBack: z.optional(z.boolean()),
  text,
});

const common = {
  kind: z.enum(noticeKinds),
  at: text,
  incidentId: text,
  identity: text,
  seen: z.optional(text),
  next: z.optional(text),
  groups: z.array(text),
  groupsLeftOut: z.int(),
  counts: z.object({
    instancesDrained: count,
    instancesResized: count,
    secondsFromAlarmToHold: count,
    groupsHeld: count,
  }),
};

/** As the release before this one wrote them: the stream keeps notices for a day. */
const olderNotice = z.pipe(
  z.object({ ...common, done: text, lines: z.array(text), linesLeftOut: z.int() }),
  z.transform(({ done, lines, linesLeftOut, ...rest }) => ({
    ...rest,
    headline: bounded(done),
    todo: [],
    done: [{ text: done }],
    leftOut: { todo: 0, done: 0, details: linesLeftOut },
    details: lines,
    undo: 'ENDED' as const,
  })),
);

/** A notice as the table keeps it. */
export const noticeSchema = z.union([
  z.object({
    ...common,
    headline: text,
    inSomeGroups: z.optional(z.object({ held: z.int(), asked: z.int() })),
    todo: z.array(line),
    done: z.array(line),
    leftOut: z.object({ todo: z.int(), done: z.int(), details: z.int() }),
    details: z.array(text),
    notHeld: z.optional(z.array(text)),
    cannotGiveBack: z.optional(z.boolean()),
    notThere: z.optional(z.array(text)),
    alarmName: z.optional(text),
    undo: z.enum(['NOTHING', 'STOP', 'ENDED']),
  }),
  olderNotice,
]);

/**
 * New notices, as the table's stream brings them: the event of a DynamoDB stream, of which the event source mapping
 * lets only items through that were inserted under the key of notices.
 * Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (with-ddb).
 */
export const noticeRecords = z.object({
  Records: z.array(
    z.object({
      eventName: z.literal('INSERT'),
      dynamodb: z.object({
        SequenceNumber: text,
        // Whatever else lies under the key of notices must not stop the others.
        NewImage: z.optional(z.object({ notice: z.optional(z.object({ S: z.optional(text) })) })),
      }),
    }),
  ),
});
