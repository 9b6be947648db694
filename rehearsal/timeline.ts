import type { PlannedCall } from '../functions/domain/calls.ts';
import { executionNameOf } from '../functions/domain/execution-arn.ts';
import type { JournalEntry } from '../functions/domain/journal.ts';
import { sentenceOf } from '../functions/domain/telling/sentence-of.ts';
import { counted } from '../functions/domain/times.ts';

/** One line of the story as it happened. */
export interface TimelineEntry {
  seconds: number;
  source: 'world' | 'aws' | 'holdfast' | 'person';
  text: string;
  /** Lines of the same kind that follow each other closely are told as one. */
  mergeKey?: string;
  /** What moves, and where to. */
  movesOf?: string;
  to?: number;
}

/** What every call of its kind has, and nobody reads. */
const untold: ReadonlySet<string> = new Set([
  'ClientToken',
  'TagSpecifications',
  'EndDateType',
  'InstanceMatchCriteria',
  'InstancePlatform',
]);

/** Calls of one kind shown under a line; a storm of groups is told by number. */
const callsShown = 3;

/** A list of many ids is told by its first and its length. */
const tellValue = (value: unknown): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.values(value).join(', ')
    : Array.isArray(value) && value.length > 5
      ? `${value[0]} and ${value.length - 1} more`
      : String(value).replaceAll(',', ', ');

export const tellCalls = (calls: PlannedCall[]): string[] => [
  ...calls.slice(0, callsShown).map((call) => {
    const { operation, input } = call;
    if (operation === 'CreateOrUpdateTags' || operation === 'DeleteTags') {
      return (input.Tags ?? [])
        .map(
          ({ ResourceId, Key, Value }) =>
            `→ ${operation} ${ResourceId}: ${Key}${Value === undefined ? '' : ` = ${Value}`}`,
        )
        .join('; ');
    }
    const { AutoScalingGroupName, ...rest } = input as Record<string, unknown>;
    const told = Object.entries(rest).filter(([key]) => !untold.has(key));
    const values = told.map(([key, value]) => `${key} ${tellValue(value)}`);
    const group = AutoScalingGroupName === undefined ? '' : ` ${AutoScalingGroupName}`;
    return `→ ${operation}${group}: ${values.join('; ')}`;
  }),
  ...(calls.length > callsShown ? [`→ and ${calls.length - callsShown} calls like these`] : []),
];

/** Events that many instances of many groups have at about one time: told by number. */
const toldByNumber: ReadonlySet<JournalEntry['event']> = new Set([
  'chosen',
  'evidence',
  'abandoned',
  'drained',
  'checked',
  'reserved',
  'step',
  'resized',
]);

interface Line {
  seconds: number;
  key: string;
  event: JournalEntry['event'];
  groups: string[];
  /** What was told here: the first of it, and what followed within two minutes. */
  entries: [JournalEntry, ...JournalEntry[]];
  calls: PlannedCall[];
}

/** The entries about single instances, as sentences. */
const instancesOf = ({ entries }: Line): string[] =>
  entries.filter(({ instanceId }) => instanceId !== undefined).map(sentenceOf);

/** Instances told one by one under a plan. */
const instancesShown = 6;

/** What was checked before a resize: how much, and the first of what stands against it. */
const tellChecked = ({ groups, entries }: Line): string => {
  const refused = entries.filter(({ because }) => because === 'UNFIT');
  const [{ checks = 0 }] = entries;
  return [
    `${counted(checks, 'thing')} checked of every instance for every type, ${counted(entries.length, 'time')}: ${refused.length === 0 ? 'nothing stands against it' : `${refused.length} refused`} (${[...new Set(groups)].join(', ')})`,
    ...refused.slice(0, callsShown).map((entry) => `  ${sentenceOf(entry)}`),
  ].join('\n');
};

const tellPlanned = (line: Line): string => {
  const { groups, calls, entries } = line;
  if (calls.some(({ operation }) => operation === 'EnterStandby')) {
    return ['planned', ...entries.map((entry) => `  ${sentenceOf(entry)}`)].join('\n');
  }
  const named = [...new Set(groups)];
  const what = named.length > 5 ? `${named.length} groups` : named.join(', ');
  const instances = instancesOf(line);
  if (instances.length > 0) {
    return [
      `planned for ${counted(instances.length, 'stuck instance')} of ${what}`,
      ...instances.slice(0, instancesShown).map((each) => `  ${each}`),
      ...(instances.length > instancesShown ? [`  and ${instances.length - instancesShown} more`] : []),
    ].join('\n');
  }
  const reasons = [...new Set(calls.flatMap(({ reason }) => reason))];
  return calls.length === 0
    ? `a further hold on ${what}: what it wants is in force already`
    : [`planned for ${what}, because`, ...reasons.map((reason) => `  ${reason}`)].join('\n');
};

const tellLine = (line: Line): string => {
  if (line.event === 'planned') return tellPlanned(line);
  if (line.event === 'checked') return tellChecked(line);
  const groups = [...new Set(line.groups)];
  const named = groups.length > 5 ? `${groups.length} groups` : groups.join(', ');
  const instances = instancesOf(line);
  const [{ autoScalingGroupName: _group, ...first }] = line.entries;
  const distinct = new Set(line.entries.flatMap(({ instanceId }) => instanceId ?? [])).size;
  const times = instances.length > 1 ? ` (${instances.length} times)` : '';
  const count = distinct > 1 ? `${distinct} instances; the first: ` : '';
  const text = `${named === '' ? '' : `${named}: `}${count}${sentenceOf(first)}${distinct === 1 ? times : ''}`;
  const calls = distinct === 1 ? line.calls.slice(0, 1) : line.calls;
  return [text, ...tellCalls(calls)].join('\n');
};

/** Like entries of one moment, told as one: "web-api, web-frontend: …", "8 instances drained". */
export const journalTimeline = (
  entries: JournalEntry[],
  startedAt: number,
  incidentId: string,
): TimelineEntry[] => {
  // A line about no group is about the execution: it is told by the rule, or the name, that started it.
  const execution = executionNameOf(incidentId).replace(/-\d{14}-[0-9a-f]{16}$/, '');
  const lines: Line[] = [];
  const secondsOf = (at: string): number => (Date.parse(at) - startedAt) / 1000;
  for (const entry of entries) {
    const { at, event, because = '', calls = [], autoScalingGroupName, instanceId = '' } = entry;
    const isOneKind =
      event === 'planned' || event === 'held' || event === 'tagged' || toldByNumber.has(event);
    // Steps of instances are told by kind.
    const kind = event === 'step' ? because : '';
    const key = `${event} ${isOneKind ? kind : `${instanceId} ${entry.text}`}`;
    const last = lines.findLast((line) => line.key === key && secondsOf(at) - line.seconds < 120);
    if (last !== undefined && autoScalingGroupName !== undefined) {
      last.groups.push(autoScalingGroupName);
      last.entries.push(entry);
      last.calls.push(...calls);
      continue;
    }
    lines.push({
      seconds: secondsOf(at),
      key,
      event,
      groups: autoScalingGroupName === undefined ? [] : [autoScalingGroupName],
      entries: [entry],
      calls: [...calls],
    });
  }
  return lines.map((line) => ({
    seconds: line.seconds,
    source: 'holdfast',
    text: line.groups.length === 0 ? `${execution}: ${tellLine(line)}` : tellLine(line),
    // What is about executions is often said by several of them, and again and again.
    ...(line.groups.length === 0
      ? { mergeKey: `${execution} ${line.event} ${line.entries[0].because ?? line.entries[0].text}` }
      : {}),
  }));
};
