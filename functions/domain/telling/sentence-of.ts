import { bounded } from '../bounded.ts';
import type { JournalEntry } from '../journal.ts';

/** A sentence, and the groups that it is about: what is so of many groups is told once. */
export interface Line {
  /** The first of them. */
  groups?: string[];
  /** How many more. */
  moreGroups?: number;
  /** Whether there is nothing to do about it once its groups are given back. */
  untilGivenBack?: boolean;
  text: string;
}

/** A line as a person reads it. */
export const tellLine = ({ groups = [], moreGroups = 0, text }: Line): string =>
  groups.length === 0
    ? text
    : `${groups.join(', ')}${moreGroups > 0 ? ` and ${moreGroups} more` : ''}: ${text}`;

const ofGroup = (autoScalingGroupName: string | undefined): Pick<Line, 'groups'> =>
  autoScalingGroupName === undefined ? {} : { groups: [autoScalingGroupName] };

/** A line of a journal, with the instance that it is about. */
export const lineOf = ({ autoScalingGroupName, instanceId, text = '', message }: JournalEntry): Line =>
  message === undefined
    ? { ...ofGroup(autoScalingGroupName), text: instanceId === undefined ? text : `${instanceId}: ${text}` }
    : { text: message };

/** A line of a journal as a person reads it: with the group and the instance that it is about. */
export const sentenceOf = (entry: JournalEntry): string => tellLine(lineOf(entry));

/** Whether a line of a journal says that a group cannot be given back while its tag is missing. */
const isNotGivenBack = ({ event, because }: JournalEntry): boolean =>
  (event === 'not-given-back' || event === 'failed') && because === 'NOT_OPTED_IN';

/** What a person can do about what a line of a journal tells. */
export const todoOf = (entry: JournalEntry): Line[] =>
  (entry.todo ?? []).map((text) => ({
    ...ofGroup(entry.autoScalingGroupName),
    ...(isNotGivenBack(entry) ? { untilGivenBack: true } : {}),
    text,
  }));

/** Where a command begins in a line: it is kept to the letter. */
const commandIn = /: aws [a-z0-9]+ [a-z0-9-]+ --region /;

/** A line of which no more than so many characters are kept; a command in it is kept as it is. */
export const boundedLine = (line: Line, charactersMax: number): Line => {
  const begins = line.text.search(commandIn);
  return {
    ...line,
    text:
      begins < 0 || line.text.length > charactersMax
        ? bounded(line.text, charactersMax)
        : `${bounded(line.text.slice(0, begins), charactersMax)}${line.text.slice(begins)}`,
  };
};

/** How many names stand before a sentence. */
const namesShown = 5;

/** Lines of which those that say the same are one, with the names of all their groups. */
export const foldLines = (lines: Line[]): Line[] =>
  [...Map.groupBy(lines, ({ text }) => text)].map(([text, some]): Line => {
    const names = [...new Set(some.flatMap(({ groups = [] }) => groups))];
    const until = some.every(({ untilGivenBack }) => untilGivenBack === true) ? { untilGivenBack: true } : {};
    if (names.length === 0) return { ...until, text };
    const more = some.reduce((sum, { moreGroups = 0 }) => sum + moreGroups, 0);
    const moreGroups = more + Math.max(0, names.length - namesShown);
    return { groups: names.slice(0, namesShown), ...(moreGroups > 0 ? { moreGroups } : {}), ...until, text };
  });
