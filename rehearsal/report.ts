import { hasTags, isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import { firstOf } from '../functions/domain/times.ts';
import type { Policy } from '../functions/events/policy.ts';
import type { Story } from './incident.ts';
import type { RehearsalResult } from './rehearse.ts';
import type { Summary } from './summary.ts';
import type { TimelineEntry } from './timeline.ts';

/** Lines closer than this, of the same kind, are told as one. */
const mergeWithinSeconds = 1500;

/** A run of like lines. */
interface MergedEntry extends TimelineEntry {
  untilSeconds: number;
  steps: number;
}

/** Tells runs of like lines as one: forty instances ended, desired capacity fell in nine steps. */
const mergeTimeline = (timeline: TimelineEntry[]): MergedEntry[] => {
  const merged: MergedEntry[] = [];
  const open = new Map<string, MergedEntry>();
  for (const entry of timeline) {
    const key = entry.mergeKey;
    const known = key === undefined ? undefined : open.get(key);
    if (known !== undefined && entry.seconds - known.untilSeconds <= mergeWithinSeconds) {
      known.untilSeconds = entry.seconds;
      known.steps += 1;
      if (entry.to !== undefined) known.to = entry.to;
      continue;
    }
    const first = { ...entry, untilSeconds: entry.seconds, steps: 1 };
    merged.push(first);
    if (key !== undefined) {
      // A move of the same thing the other way ends the run: down, up and down again are three lines.
      if (entry.movesOf !== undefined) {
        for (const [other, { movesOf }] of open) if (movesOf === entry.movesOf) open.delete(other);
      }
      open.set(key, first);
    }
  }
  return merged;
};

export const clockTime = (incident: Story, seconds: number): string =>
  new Date(Date.parse(incident.startsAt) + seconds * 1000).toISOString().slice(11, 16);

/** Who did what a line of a timeline tells. */
export const sourceNames: Record<TimelineEntry['source'], string> = {
  world: 'WORLD',
  aws: 'AWS',
  holdfast: 'HOLDFAST',
  person: 'PERSON',
};

/** What a line of the timeline is indented by, and how wide it may be, for a terminal of 120 columns. */
const margin = ' '.repeat(19);
const columns = 100;

/** A line in pieces that fit, the later ones indented a little more than the first. */
const wrap = (line: string): string[] => {
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  const pieces: string[] = [];
  let piece = indent;
  for (const word of line.slice(indent.length).split(' ')) {
    if (piece.trim() !== '' && piece.length + word.length > columns) {
      pieces.push(piece.trimEnd());
      piece = `${indent}  `;
    }
    piece += `${word} `;
  }
  return [...pieces, piece.trimEnd()];
};

/** A line of a timeline as it is told: one thing, or a run of like ones. */
export interface ToldLine {
  seconds: number;
  untilSeconds: number;
  source: TimelineEntry['source'];
  /** The sentence, and below it what it rests on, a line each. */
  text: string;
}

const tellMerged = (
  { text, steps, to, untilSeconds }: MergedEntry,
  clock: (seconds: number) => string,
): string => {
  if (steps === 1) return text;
  const until = `, until ${clock(untilSeconds)}`;
  if (to === undefined && !/\(/.test(text)) return `${text} (${steps} times${until})`;
  return text
    .replace(/→ \d+/, `→ ${to}`)
    .replace(/ \(/, ` in ${steps} steps${until} (at first `)
    .replace(
      /: 1 launch failed in \d+ steps, until [\d:]+ \(at first (.+)\)/,
      `: ${steps} launches failed${until} ($1)`,
    )
    .replace(
      /: 1 launch goes wrong in \d+ steps, until [\d:]+ \(at first (.+)\)/,
      `: ${steps} launches go wrong${until} ($1)`,
    )
    .replace(
      /: 1 instance ended in \d+ steps, until [\d:]+ \(at first (.+)\)/,
      `: ${steps} instances ended${until} ($1)`,
    );
};

/**
 * A timeline as it is told: runs of like lines as one, reasons that were told before not again.
 *
 * @param clock tells a moment, in seconds since the beginning
 */
export const tellLines = (timeline: TimelineEntry[], clock: (seconds: number) => string): ToldLine[] => {
  const told = new Set<string>();
  return mergeTimeline(timeline).map((entry) => {
    const [head = '', ...details] = entry.text.split('\n');
    const reasons = details.join('\n');
    const isRepeated = head.startsWith('planned for') && told.has(reasons);
    told.add(reasons);
    const { seconds, untilSeconds, source } = entry;
    const text = isRepeated ? head.replace(', because', ', for the same reasons as before') : entry.text;
    return { seconds, untilSeconds, source, text: tellMerged({ ...entry, text }, clock) };
  });
};

/**
 * What of a timeline is told: of a large fleet not what AWS did to each group.
 *
 * @returns the entries, and how many were left out
 */
export const entriesToTell = (
  { groups }: Story,
  { timeline }: RehearsalResult,
): { entries: TimelineEntry[]; leftOut: number } => {
  const entries =
    groups.length <= groupsTold
      ? timeline
      : timeline.filter(({ source, mergeKey }) => source !== 'aws' || mergeKey === undefined);
  return { entries, leftOut: timeline.length - entries.length };
};

/** The timeline of a run for a terminal, a line or more per thing that happened. */
export const tellTimeline = (incident: Story, result: RehearsalResult): string => {
  const clock = (seconds: number): string => clockTime(incident, seconds);
  const { entries, leftOut } = entriesToTell(incident, result);
  const told = tellLines(entries, clock)
    .map(({ seconds, source, text }) => {
      const [head = '', ...rest] = text.split('\n');
      const [first = '', ...more] = wrap(head);
      return [
        `  ${clock(seconds)}  ${sourceNames[source].padEnd(9)} ${first}`,
        ...[...more, ...rest.flatMap((line) => wrap(line))].map((line) => `${margin}${line}`),
      ].join('\n');
    })
    .join('\n');
  return leftOut === 0
    ? told
    : `${told}\n  (${leftOut} changes that AWS made to single groups are not told: there are ${incident.groups.length} groups)`;
};

const bars = '▁▂▃▄▅▆▇█';

/** So many bars fit beside their names. */
const barsMax = 90;

/** Minutes that a bar stands for: five, or more where the story is long. */
const minutesPerBar = ({ durationSeconds }: Story): number =>
  Math.max(5, Math.ceil(durationSeconds / 60 / barsMax / 5) * 5);

/** A row of bars against the highest value of the group in any of the runs. */
const tellBars = (values: number[], highest: number, minutes: number): string =>
  values
    .filter((_value, index) => index % minutes === minutes - 1)
    .map((value) => bars[Math.min(bars.length - 1, Math.floor((value / highest) * bars.length))])
    .join('');

/** The hours below the bars, each where it begins. */
const tellHours = (incident: Story, count: number, minutes: number): string => {
  const row = Array.from({ length: count + 1 }, () => ' ');
  for (let bar = 0; bar < count; bar += 1) {
    const at = new Date(Date.parse(incident.startsAt) + bar * minutes * 60_000);
    if (at.getUTCMinutes() >= minutes || row[bar] !== ' ') continue;
    const hour = String(at.getUTCHours()).padStart(2, '0');
    row[bar] = hour[0] ?? '';
    row[bar + 1] = hour[1] ?? '';
  }
  return row.join('').trimEnd();
};

const row = (label: string, cells: string[]): string =>
  `  ${label.padEnd(40)}${cells.map((cell) => cell.padStart(20)).join('')}`;

const yesNo = (value: boolean): string => (value ? 'yes' : 'NO');

/** A run in words. */
export const nameOfRun = ({ withHoldfast, dryRun }: RehearsalResult): string => {
  if (!withHoldfast) return 'without Holdfast';
  return dryRun ? 'dry run' : 'with Holdfast';
};

type GroupSummary = Summary['groups'][number];

/** What is compared of each group, and how; `undefined` where it does not apply. */
const compared: [label: string, read: (group: GroupSummary, desired: number) => string | undefined][] = [
  ['least capacity, in instances', ({ leastCapacity }) => String(leastCapacity)],
  ['minutes below the needed capacity', ({ minutesBelowNeeded }) => String(minutesBelowNeeded)],
  ['good instances lost in the trouble', ({ goodInstancesLost }) => String(goodInstancesLost)],
  ['launches that never served', ({ launchesFailed, neverWorked }) => String(launchesFailed + neverWorked)],
  [
    'only copies of data lost',
    ({ onlyCopies }, desired) =>
      onlyCopies === undefined ? undefined : `${onlyCopies.ended - onlyCopies.inSnapshots} of ${desired}`,
  ],
  ['settings as before in the end', ({ stateEqualsBaseline }) => yesNo(stateEqualsBaseline)],
];

/** What became of each group in each run, by rows. */
export const summaryRows = (
  incident: Story,
  results: RehearsalResult[],
): { name: string; note?: string; rows: { label: string; cells: string[] }[] }[] =>
  incident.groups.map((spec) => {
    const groups = results.map(({ summary }) =>
      summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === spec.name),
    );
    return {
      name: spec.name,
      ...(isOptedIn(spec) ? {} : { note: 'did not opt in: left alone' }),
      rows: compared.flatMap(([label, read]) => {
        const cells = groups.map((group) =>
          group === undefined ? 'gone' : read(group, spec.desiredCapacity),
        );
        return cells.every((cell) => cell === undefined)
          ? []
          : [{ label, cells: cells.map((cell) => cell ?? '-') }];
      }),
    };
  });

/** As many groups are told one by one; of a larger fleet those to which most happened. */
const groupsTold = 12;

/** How much happened to each group in some runs: instances lost before minutes of too little. */
export const concernOf = (results: RehearsalResult[]): Map<string, number> => {
  const concern = new Map<string, number>();
  for (const { summary } of results) {
    for (const { autoScalingGroupName: name, goodInstancesLost, minutesBelowNeeded } of summary.groups) {
      concern.set(name, (concern.get(name) ?? 0) + 1000 * goodInstancesLost + minutesBelowNeeded);
    }
  }
  return concern;
};

/** The groups to which most happened in any of the runs, in the story's order. */
const mostConcerned = (incident: Story, results: RehearsalResult[]): Story['groups'] => {
  if (incident.groups.length <= groupsTold) return incident.groups;
  const chosen = new Set(
    [...concernOf(results)]
      .sort(([, a], [, b]) => b - a)
      .slice(0, groupsTold)
      .map(([name]) => name),
  );
  return incident.groups.filter(({ name }) => chosen.has(name));
};

/** How many groups there are, opted in, and were held, where too many for one by one. */
const tellFleet = (incident: Story, results: RehearsalResult[]): string[] => {
  if (incident.groups.length <= groupsTold) return [];
  const heldIn = ({ journals }: RehearsalResult): number =>
    new Set(
      journals
        .flatMap(({ entries }) => entries)
        .filter(({ event }) => event === 'held')
        .map(({ autoScalingGroupName }) => autoScalingGroupName),
    ).size;
  const total = (read: (group: GroupSummary) => number): string[] =>
    results.map(({ summary }) => String(summary.groups.reduce((sum, group) => sum + read(group), 0)));
  return [
    `  ${incident.groups.length} groups, of which ${incident.groups.filter(isOptedIn).length} opted in; below those to which most happened`,
    row(
      '  groups held',
      results.map((result) => String(heldIn(result))),
    ),
    row(
      '  groups that lost good instances',
      total(({ goodInstancesLost }) => (goodInstancesLost > 0 ? 1 : 0)),
    ),
    row(
      '  good instances lost in the trouble',
      total(({ goodInstancesLost }) => goodInstancesLost),
    ),
    row(
      '  minutes below the needed capacity',
      total(({ minutesBelowNeeded }) => minutesBelowNeeded),
    ),
  ];
};

/** The summary of one run or of several side by side. */
export const tellSummary = (incident: Story, results: RehearsalResult[]): string => {
  const lines = [row('', results.map(nameOfRun)), ...tellFleet(incident, results)];
  const told = { ...incident, groups: mostConcerned(incident, results) };
  for (const { name, note, rows } of summaryRows(told, results)) {
    lines.push(`  ${name}${note === undefined ? '' : ` (${note})`}`);
    lines.push(...rows.map(({ label, cells }) => row(`  ${label}`, cells)));
  }
  lines.push(
    '  all groups',
    row(
      '  calls to AWS, of these changing something',
      results.map(({ summary }) => `${summary.calls}, ${summary.mutatingCalls}`),
    ),
    row(
      '  final state equal to the baseline',
      results.map(({ summary }) => yesNo(summary.finalStateEqualsBaseline)),
    ),
    row(
      '  holds and open breakers left',
      results.map(({ holdsLeft, breakersLeft }) => String(holdsLeft.length + breakersLeft.length)),
    ),
    row(
      '  broken promises',
      // What a story asks of Holdfast is not asked of a run without it.
      results.map(({ violations, withHoldfast }) =>
        withHoldfast || violations.length > 0 ? String(violations.length) : '-',
      ),
    ),
  );
  return lines.join('\n');
};

/** What works over time, one row of bars per run, and what the users needed. */
export const tellCourse = (incident: Story, results: RehearsalResult[]): string => {
  const minutes = minutesPerBar(incident);
  const lines: string[] = [];
  const add = (label: string, text: string): void => {
    lines.push(`    ${label.padEnd(22)}${text}`);
  };
  for (const { name } of mostConcerned(incident, results)) {
    const courses = results.map(
      ({ inService }) =>
        inService.find(({ autoScalingGroupName }) => autoScalingGroupName === name)?.points ?? [],
    );
    const highest = Math.max(1, ...courses.flat().map(({ capacity, needed }) => Math.max(capacity, needed)));
    lines.push(`  ${name} (a full bar is ${highest} instances, a bar is ${minutes} minutes)`);
    const needed = (courses[0] ?? []).map((point) => point.needed);
    add('needed by the users', tellBars(needed, highest, minutes));
    for (const [index, result] of results.entries()) {
      const capacity = (courses[index] ?? []).map((point) => point.capacity);
      add(nameOfRun(result), tellBars(capacity, highest, minutes));
    }
    add('hour, UTC', tellHours(incident, Math.floor(needed.length / minutes), minutes));
  }
  return lines.join('\n');
};

/** The plan of a dry run: every call it would make, and why. */
export const tellPlan = (result: RehearsalResult): string =>
  result.plan
    .map(
      ({ operation, input, reason }) =>
        `  ${operation} ${JSON.stringify(input)}\n${[reason]
          .flat()
          .map((part) => `      ${part}`)
          .join('\n')}`,
    )
    .join('\n');

/** Which groups opted in and are the targets of no rule. */
export const tellUnfound = ({ groups }: Story, { rules }: Policy): string[] => {
  const unfound = groups
    .filter(isOptedIn)
    .filter((group) => !rules.some(({ targets }) => hasTags(group, targets.tags)))
    .map(({ name }) => name);
  return unfound.length === 0
    ? []
    : [
        `No rule of this policy is about ${firstOf(unfound, 5)}: only a start by hand holds ${unfound.length === 1 ? 'it' : 'them'}.`,
      ];
};
