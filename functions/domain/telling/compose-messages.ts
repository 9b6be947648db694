import { executionNameOf, remediationOf } from '../execution-arn.ts';
import { remediations } from '../remediations.ts';
import { executionLink, groupLink, type Place, tableLink } from './console-links.ts';
import type { Notice, NoticeKind } from './notice.ts';

/** One message, in the forms in which it is sent. */
export interface Message {
  kind: NoticeKind;
  remediation: string;
  /** ASCII, under 100 characters (SNS API reference, Publish). */
  subject: string;
  /** For people who read mail. */
  text: string;
  /** For chat: a custom notification (Amazon Q Developer in chat applications, "Custom notifications"). */
  chat: object;
  /** What it tells. */
  notices: Notice[];
}

const subjectCharactersMax = 99;
/** Incidents that a message tells in full: a storm stays a message. */
const incidentsShown = 5;
const groupLinksShown = 5;
const othersCharactersMax = 2000;
/** Of a custom notification (the same page): 250 characters of title, 8,000 of description. */
const titleCharactersMax = 250;
const descriptionCharactersMax = 8000;

const kindWords: Record<NoticeKind, string> = {
  'would-act': 'dry run',
  acted: 'acted',
  'gave-back': 'over',
  refused: 'refused',
  overridden: 'OVERRIDDEN',
  'breaker-opened': 'BREAKER OPEN',
  failed: 'FAILED',
  'needs-a-person': 'NEEDS A PERSON',
};

const cut = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 3)}...`;

/** What SNS takes as a subject: printable ASCII on one line, of whole words, with where it is about in the end. */
const toSubject = (text: string, where: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(/[^ -~]/g, '?');
  const room = subjectCharactersMax - where.length;
  if (line.length <= room) return `${line}${where}`;
  const words = line.slice(0, room - 3);
  return `${words.slice(0, Math.max(words.lastIndexOf(' '), room / 2)).replace(/\W+$/, '')}...${where}`;
};

const undo = ({ killSwitchParameter, region }: Place, { kind, incidentId }: Notice): string => {
  const stopAll = `To stop all of Holdfast, which gives back every hold of every group: aws ssm put-parameter --region ${region} --name ${killSwitchParameter} --type String --value off --overwrite`;
  const remediation = remediationOf(incidentId);
  switch (kind) {
    case 'would-act':
    case 'refused':
      return 'Nothing was changed, so there is nothing to undo.';
    case 'gave-back':
      return 'It is over, so there is nothing to undo. Where another execution holds one of these groups, that goes on; the tag holdfast-hold of the group names it.';
    case 'acted':
    case 'overridden':
    case 'breaker-opened':
      return `Stop the execution (link below): ${remediation === undefined ? 'within minutes everything is given back' : remediations[remediation].words.stopped}. ${stopAll}`;
    case 'failed':
    case 'needs-a-person':
      // What no execution did, an execution cannot undo.
      return incidentId === ''
        ? 'Nothing was changed in AWS; the lines above say what a person can do.'
        : `By hand, as the lines above and the pages in docs/ say; what can be given back the sweep gives back by itself. ${stopAll}`;
  }
};

const andMore = (count: number, noun: string): string[] => (count > 0 ? [`and ${count} more ${noun}`] : []);

const section = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];

/** What a mail says of one notice. */
const tellNotice = (place: Place, notice: Notice): string =>
  [
    ...section('What was seen', notice.seen === undefined ? [] : [notice.seen]),
    ...section(notice.kind === 'would-act' ? 'What would be done' : 'What was done', [notice.done]),
    ...section('What to read', [...notice.lines, ...andMore(notice.linesLeftOut, 'lines, in the journal')]),
    ...section('What happens next', notice.next === undefined ? [] : [notice.next]),
    ...section('To undo it', [undo(place, notice)]),
    ...section('Links', [
      ...(notice.incidentId === '' ? [] : [`Execution: ${executionLink(place, notice.incidentId)}`]),
      ...notice.groups.slice(0, groupLinksShown).map((name) => `Group ${name}: ${groupLink(place, name)}`),
      ...andMore(
        notice.groupsLeftOut + Math.max(0, notice.groups.length - groupLinksShown),
        'groups, in the journal',
      ),
      ...(notice.incidentId === ''
        ? []
        : [`Journal: ${tableLink(place)} with the partition key incident#${notice.incidentId}`]),
    ]),
  ].join('\n');

const toMessage = (place: Place, kind: NoticeKind, remediation: string, notices: Notice[]): Message => {
  const [first] = notices;
  const incidentIds = [...new Set(notices.map(({ incidentId }) => incidentId))].filter((id) => id !== '');
  const shown = notices.slice(0, incidentsShown);
  const more = notices.slice(incidentsShown);
  const { stage, accountId, accountAlias, region } = place;
  const title = `Holdfast ${stage}, ${remediation}, ${kindWords[kind]}`;
  const done = first?.done ?? '';
  const what = notices.length === 1 ? done : `${notices.length} times, the first: ${done}`;
  const subject = toSubject(`${title}: ${what}`, ` (${accountAlias ?? accountId}, ${region})`);
  const others =
    more.length === 0
      ? []
      : [
          cut(
            `And ${more.length} more of the same: ${more.map(({ groups, incidentId }) => groups.join(', ') || executionNameOf(incidentId)).join('; ')}`,
            othersCharactersMax,
          ),
        ];
  const description = [
    ...shown.flatMap(({ seen, done: deed, lines }) => [
      ...(seen === undefined ? [] : [`Seen: ${seen}`]),
      `${kind === 'would-act' ? 'Would be done' : 'Done'}: ${deed}`,
      ...lines.map((line) => `- ${line}`),
    ]),
    ...others,
  ].join('\n');
  return {
    kind,
    remediation,
    subject,
    text: [
      title,
      `Account ${accountId}${accountAlias === undefined ? '' : ` (${accountAlias})`}, Region ${region}, stage ${stage}`,
      ...shown.map((notice) => tellNotice(place, notice)),
      ...others,
    ].join('\n\n'),
    chat: {
      version: '1.0',
      source: 'custom',
      content: {
        textType: 'client-markdown',
        title: cut(subject, titleCharactersMax),
        description: cut(description, descriptionCharactersMax),
        nextSteps: [
          ...new Set(shown.flatMap(({ next }) => (next === undefined ? [] : [next]))),
          ...new Set(shown.map((notice) => undo(place, notice))),
          ...incidentIds.slice(0, incidentsShown).map((id) => `Execution: ${executionLink(place, id)}`),
          ...shown
            .flatMap(({ groups }) => groups)
            .slice(0, groupLinksShown)
            .map((name) => `Group ${name}: ${groupLink(place, name)}`),
        ],
        keywords: ['holdfast', stage, accountAlias ?? accountId, region, remediation, kind],
      },
      metadata: {
        // What is told of one incident is one thread; a storm of them is its own.
        threadId: executionNameOf(incidentIds[0] ?? `holdfast-${stage}-sweep`),
        summary: subject,
        eventType: `holdfast-${kind}`,
        relatedResources: incidentIds.slice(0, incidentsShown),
        additionalContext: {
          stage,
          account: accountId,
          ...(accountAlias === undefined ? {} : { accountAlias }),
          region,
          remediation,
          kind,
        },
      },
    },
    notices,
  };
};

/**
 * Gives what there is to tell its form: what is of one kind and remediation becomes one message, however many groups
 * and incidents it is about.
 *
 * @param notices in the order in which they were written
 */
export const composeMessages = (place: Place, notices: Notice[]): Message[] => {
  const together = new Map<string, { kind: NoticeKind; remediation: string; notices: Notice[] }>();
  for (const notice of notices) {
    const { kind, incidentId } = notice;
    // What the sweep finds by itself is of no incident.
    const remediation = remediationOf(incidentId) ?? (incidentId === '' ? 'sweep' : 'by hand');
    const key = `${kind} ${remediation}`;
    const known = together.get(key) ?? { kind, remediation, notices: [] };
    known.notices.push(notice);
    together.set(key, known);
  }
  return [...together.values()].map(({ kind, remediation, notices: some }) =>
    toMessage(place, kind, remediation, some),
  );
};
