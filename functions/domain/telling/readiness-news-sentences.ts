import type { KnownFinding } from '../readiness/decide-readiness-news.ts';
import { secondsBetween, spokenDuration, spokenTime } from '../times.ts';
import type { NoticeFacts } from './notice.ts';

/** Where a finding was made. */
export interface ReadinessPlace {
  stage: string;
  region: string;
}

const subjectOf = ({ rule }: KnownFinding, stage: string): string =>
  rule === undefined ? `Stage ${stage}` : `Rule ${rule}`;

type ReadinessNotice = Omit<NoticeFacts, 'at' | 'incidentId' | 'identity'>;

/** That something would keep Holdfast from its work, before the night in which it matters. */
export const tellNotReady = (known: KnownFinding, { stage, region }: ReadinessPlace): ReadinessNotice => {
  const { found, remedy, isUnreadable, since, groups } = known;
  const subject = subjectOf(known, stage);
  return {
    kind: 'not-ready',
    headline: isUnreadable ? 'Nobody knows whether it is ready' : 'Not ready for an outage',
    done: [`${subject}: ${found}. Found first at ${spokenTime(since)}.`],
    todo: [`${subject}: ${remedy}.`],
    details: [
      `Everything that is not as it should be, warnings too: holdfast check --stage ${stage} --region ${region}`,
    ],
    groups,
    next: 'The check runs every hour. It tells you once, when three checks in a row have found this over.',
    undo: 'NOTHING',
  };
};

/** That what people were told is over. */
export const tellReadyAgain = (known: KnownFinding, { stage }: ReadinessPlace): ReadinessNotice => {
  const { found, since, goneSince = since, groups } = known;
  return {
    kind: 'ready-again',
    headline: 'No longer in the way',
    done: [
      `${subjectOf(known, stage)}: this was so for ${spokenDuration(secondsBetween(since, goneSince))}, and has been over since ${spokenTime(goneSince)}: ${found}.`,
    ],
    groups,
    next: 'The check runs every hour. It tells you once, when something else becomes not ready.',
    undo: 'NOTHING',
  };
};
