import { hasTags, isOptedIn } from '../functions/domain/auto-scaling-group.ts';
import { firstOf } from '../functions/domain/times.ts';
import type { Policy } from '../functions/events/policy.ts';
import type { Story } from './incident.ts';
import type { RehearsalResult } from './rehearse.ts';
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

const clockTime = (incident: Story, seconds: number): string =>
  new Date(Date.parse(incident.startsAt) + seconds * 1000).toISOString().slice(11, 16);

const sourceNames: Record<TimelineEntry['source'], string> = {
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

const tellEntry = (incident: Story, entry: MergedEntry): string => {
  const until = entry.steps > 1 ? `, until ${clockTime(incident, entry.untilSeconds)}` : '';
  const text =
    entry.steps === 1
      ? entry.text
      : entry.to === undefined && !/\(/.test(entry.text)
        ? `${entry.text} (${entry.steps} times${until})`
        : entry.text
            .replace(/→ \d+/, `→ ${entry.to}`)
            .replace(/ \(/, ` in ${entry.steps} steps${until} (at first `)
            .replace(
              /: 1 launch failed in \d+ steps, until [\d:]+ \(at first (.+)\)/,
              `: ${entry.steps} launches failed${until} ($1)`,
            )
            .replace(
              /: 1 instance ended in \d+ steps, until [\d:]+ \(at first (.+)\)/,
              `: ${entry.steps} instances ended${until} ($1)`,
            );
  const [head = '', ...rest] = text.split('\n');
  const [first = '', ...more] = wrap(head);
  return [
    `  ${clockTime(incident, entry.seconds)}  ${sourceNames[entry.source].padEnd(9)} ${first}`,
    ...[...more, ...rest.flatMap((line) => wrap(line))].map((line) => `${margin}${line}`),
  ].join('\n');
};

/** The timeline of a run, a line or more per thing that happened. */
export const tellTimeline = (incident: Story, result: RehearsalResult): string => {
  const told = new Set<string>();
  return mergeTimeline(result.timeline)
    .map((entry) => {
      const [head = '', ...details] = entry.text.split('\n');
      const reasons = details.join('\n');
      const isRepeated = head.startsWith('planned for') && told.has(reasons);
      told.add(reasons);
      return tellEntry(
        incident,
        isRepeated
          ? { ...entry, text: head.replace(', because', ', for the same reasons as before') }
          : entry,
      );
    })
    .join('\n');
};

const bars = '▁▂▃▄▅▆▇█';

/** A row of bars, one per five minutes, against the highest value of the group in any of the runs. */
const tellBars = (values: number[], highest: number): string =>
  values
    .filter((_value, index) => index % 5 === 4)
    .map((value) => bars[Math.min(bars.length - 1, Math.floor((value / highest) * bars.length))])
    .join('');

const row = (label: string, cells: string[]): string =>
  `  ${label.padEnd(40)}${cells.map((cell) => cell.padStart(20)).join('')}`;

const yesNo = (value: boolean): string => (value ? 'yes' : 'NO');

const nameOf = ({ withHoldfast, dryRun }: RehearsalResult): string => {
  if (!withHoldfast) return 'without Holdfast';
  return dryRun ? 'dry run' : 'with Holdfast';
};

/** The summary of one run or of several side by side. */
export const tellSummary = (incident: Story, results: RehearsalResult[]): string => {
  const lines = [row('', results.map(nameOf))];
  for (const spec of incident.groups) {
    const { name } = spec;
    const groups = results.map(({ summary }) =>
      summary.groups.find(({ autoScalingGroupName }) => autoScalingGroupName === name),
    );
    const cells = (read: (group: NonNullable<(typeof groups)[number]>) => string): string[] =>
      groups.map((group) => (group === undefined ? 'gone' : read(group)));
    const copies = groups.map((group) => group?.onlyCopies);
    lines.push(
      `  ${name}${isOptedIn(spec) ? '' : ' (did not opt in: left alone)'}`,
      row(
        '  fewest in service',
        cells(({ fewestInService }) => String(fewestInService)),
      ),
      row(
        '  minutes below the needed capacity',
        cells(({ minutesBelowNeeded }) => String(minutesBelowNeeded)),
      ),
      row(
        '  good instances lost, until 15 min after',
        cells(({ goodInstancesLost }) => String(goodInstancesLost)),
      ),
      row(
        '  launches that never served',
        cells(({ launchesFailed }) => String(launchesFailed)),
      ),
      ...(copies.every((each) => each === undefined)
        ? []
        : [
            row(
              '  only copies of data lost',
              copies.map((each) =>
                each === undefined ? '-' : `${each.ended - each.inSnapshots} of ${spec.desiredCapacity}`,
              ),
            ),
          ]),
      row(
        '  settings as before in the end',
        cells(({ stateEqualsBaseline }) => yesNo(stateEqualsBaseline)),
      ),
    );
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
      '  broken rules',
      // What a story asks of Holdfast is not asked of a run without it.
      results.map(({ violations, withHoldfast }) =>
        withHoldfast || violations.length > 0 ? String(violations.length) : '-',
      ),
    ),
  );
  return lines.join('\n');
};

/** In service over time, one row of bars per run, and what the users needed. */
export const tellCourse = (incident: Story, results: RehearsalResult[]): string => {
  const lines: string[] = [];
  for (const { name } of incident.groups) {
    const courses = results.map(
      ({ inService }) =>
        inService.find(({ autoScalingGroupName }) => autoScalingGroupName === name)?.points ?? [],
    );
    const highest = Math.max(1, ...courses.flat().map(({ capacity, needed }) => Math.max(capacity, needed)));
    lines.push(`  ${name} (a full bar is ${highest} instances, a bar is five minutes)`);
    lines.push(
      `    ${'needed by the users'.padEnd(22)}${tellBars(
        (courses[0] ?? []).map(({ needed }) => needed),
        highest,
      )}`,
    );
    results.forEach((result, index) => {
      lines.push(
        `    ${nameOf(result).padEnd(22)}${tellBars(
          (courses[index] ?? []).map(({ capacity }) => capacity),
          highest,
        )}`,
      );
    });
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

/** Which groups opted in and are found by no rule: only an input by hand that names them does anything there. */
export const tellUnfound = ({ groups }: Story, { rules }: Policy): string[] => {
  const unfound = groups
    .filter(isOptedIn)
    .filter((group) => !rules.some(({ targets }) => hasTags(group, targets.tags)))
    .map(({ name }) => name);
  return unfound.length === 0
    ? []
    : [
        `No rule of this policy finds ${firstOf(unfound, 5)}: only an input by hand that names them acts there.`,
      ];
};
