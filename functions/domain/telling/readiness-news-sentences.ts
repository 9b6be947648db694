import type { KnownFinding } from '../readiness/decide-readiness-news.ts';
import { secondsBetween, spokenDuration, spokenTime } from '../times.ts';
import type { NoticeFacts } from './notice.ts';

/** Where a finding was made, and when it is told. */
export interface ReadinessPlace {
  stage: string;
  region: string;
  /** ISO 8601. */
  at: string;
}

const subjectOf = ({ finding: { rule } }: KnownFinding, stage: string): string =>
  rule === undefined ? `Stage ${stage}` : `Rule ${rule}`;

const groupsOf = ({ finding: { fact } }: KnownFinding): string[] => ('groups' in fact ? fact.groups : []);

const checkCommand = ({ stage, region }: ReadinessPlace): string =>
  `holdfast check --stage ${stage} --region ${region}`;

type ReadinessNotice = Omit<NoticeFacts, 'at' | 'incidentId' | 'identity'>;

/** That something would keep Holdfast from its work, before the night in which it matters. */
export const tellNotReady = (known: KnownFinding, place: ReadinessPlace): ReadinessNotice => {
  const { found, remedy, finding, since } = known;
  const subject = subjectOf(known, place.stage);
  return {
    kind: 'not-ready',
    headline: finding.level === 'NOT_READY' ? 'Not ready for an outage' : 'Nobody knows whether it is ready',
    done: [`${subject}: ${found}. Found first at ${spokenTime(since)}.`],
    todo: [`${subject}: ${remedy}.`],
    details: [`Everything that is not as it should be, warnings too: ${checkCommand(place)}`],
    groups: groupsOf(known),
    next: 'The check runs every hour. It tells you once when this is over.',
    undo: 'NOTHING',
  };
};

/** That what people were told is over. */
export const tellReadyAgain = (known: KnownFinding, place: ReadinessPlace): ReadinessNotice => {
  const { found, since } = known;
  return {
    kind: 'ready-again',
    headline: 'No longer in the way',
    done: [
      `${subjectOf(known, place.stage)}: this is over after ${spokenDuration(secondsBetween(since, place.at))}: ${found}.`,
    ],
    groups: groupsOf(known),
    next: 'The check runs every hour. It tells you once when something else becomes not ready.',
    undo: 'NOTHING',
  };
};
