import type { Place } from './console-links.ts';
import type { NoticeKind } from './notice.ts';

/** ASCII, and under 100 characters (SNS API reference, Publish). */
const subjectCharactersMax = 99;
/** Where it is takes no more than this: what happened comes first. */
const whereCharactersMax = 40;

/** Kinds that wait for a person. */
export const needsAction = (kind: NoticeKind): boolean =>
  kind === 'needs-a-person' || kind === 'failed' || kind === 'breaker-opened';

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

/** As many whole names as there is room for, and how many more there are. */
const fitNames = (groups: string[], leftOut: number, room: number): string => {
  const total = groups.length + leftOut;
  if (total === 0) return '';
  for (let shown = groups.length; shown > 0; shown -= 1) {
    const more = total - shown;
    const text = `: ${groups.slice(0, shown).join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
    if (text.length <= room) return text;
  }
  const count = ` (${total} ${total === 1 ? 'group' : 'groups'})`;
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
  {
    kind,
    headline,
    groups,
    groupsLeftOut,
  }: { kind: NoticeKind; headline: string; groups: string[]; groupsLeftOut: number },
): string => {
  const ascii = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[^ -~]/g, '?');
  const beside = subjectCharactersMax - prefixOf(kind, place.stage).length;
  const where = whereOf(place, beside - ascii(headline).length);
  const room = beside - where.length;
  const what = wholeWords(ascii(headline), room);
  return `${prefixOf(kind, place.stage)}${what}${fitNames(groups.map(ascii), groupsLeftOut, room - what.length)}${where}`;
};
