import type { Place } from './console-links.ts';
import type { NoticeKind } from './notice.ts';

/** ASCII, and under 100 characters (SNS API reference, Publish). */
const subjectCharactersMax = 99;
/** Where it is takes no more than this: what happened comes first. */
const whereCharactersMax = 40;

/** Kinds that wait for a person. */
export const needsAction = (kind: NoticeKind): boolean =>
  kind === 'needs-a-person' || kind === 'failed' || kind === 'breaker-opened' || kind === 'not-ready';

/** The stage first: whether it is production decides who gets up. */
const prefixOf = (kind: NoticeKind, stage: string): string => {
  if (kind === 'would-act') return `[Holdfast ${stage}, dry run] `;
  return needsAction(kind) ? `[Holdfast ${stage}: ACTION NEEDED] ` : `[Holdfast ${stage}] `;
};

/** Account and Region, as much of it as there is room for beside what happened. */
const whereOf = ({ accountId, accountAlias, region }: Place, room: number): string => {
  const wheres = [[accountAlias ?? accountId, region], [accountId, region], [region]].map(
    (parts) => ` (${parts.join(', ')})`,
  );
  const [, , onlyRegion = ''] = wheres;
  return wheres.find(({ length }) => length <= Math.min(whereCharactersMax, room)) ?? onlyRegion;
};

/** The groups that a message is about. */
export interface GroupsTold {
  /** The first of them. */
  groups: string[];
  /** How many more there are, or at least. */
  groupsLeftOut: number;
  /** Whether there may be more of them than that: nobody can tell what several notices leave out. */
  mayBeMore: boolean;
}

/** The first so many groups by name, and how many more there are. */
export const tellGroups = ({ groups, groupsLeftOut, mayBeMore }: GroupsTold, shown: number): string => {
  const more = groups.length + groupsLeftOut - Math.min(shown, groups.length);
  const names = groups.slice(0, shown).join(', ');
  if (more === 0) return `${names}${mayBeMore ? ' and perhaps more' : ''}`;
  return `${names} and ${mayBeMore ? 'at least ' : ''}${more} more`;
};

/** As many whole names as there is room for, and how many more there are. */
const fitNames = (told: GroupsTold, room: number): string => {
  const total = told.groups.length + told.groupsLeftOut;
  if (total === 0) return '';
  for (let shown = told.groups.length; shown > 0; shown -= 1) {
    const text = `: ${tellGroups(told, shown)}`;
    if (text.length <= room) return text;
  }
  const count = ` (${told.mayBeMore ? 'at least ' : ''}${total} ${total === 1 ? 'group' : 'groups'})`;
  return count.length <= room ? count : '';
};

/** A text within so many characters: of whole phrases where it has them, else of whole words. */
const wholeWords = (text: string, room: number): string => {
  if (text.length <= room) return text;
  const words = text.slice(0, room + 1);
  if (words.includes(', ')) return words.slice(0, words.lastIndexOf(', '));
  return words.slice(0, Math.max(0, words.lastIndexOf(' '))).replace(/[^\w)]+$/, '');
};

/** What SNS takes as a subject: printable ASCII on one line, of whole words; what happened, to which groups, and where. */
export const toSubject = (
  place: Place,
  { kind, headline, ...told }: { kind: NoticeKind; headline: string } & GroupsTold,
): string => {
  const ascii = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[^ -~]/g, '?');
  const beside = subjectCharactersMax - prefixOf(kind, place.stage).length;
  const where = whereOf(place, beside - ascii(headline).length);
  const room = beside - where.length;
  const what = wholeWords(ascii(headline), room);
  return `${prefixOf(kind, place.stage)}${what}${fitNames({ ...told, groups: told.groups.map(ascii) }, room - what.length)}${where}`;
};
