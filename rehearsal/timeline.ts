import type { JournalEntry, PlannedCall } from '../functions/domain/incident.ts';

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

/** Calls of one kind shown under a line; a storm of groups is told by number. */
const callsShown = 3;

const tellCalls = (calls: PlannedCall[]): string[] => [
  ...calls.slice(0, callsShown).map(({ operation, input }) => {
    const { AutoScalingGroupName, ...rest } = input;
    const values = Object.entries(rest).map(
      ([key, value]) => `${key} ${String(value).replaceAll(',', ', ')}`,
    );
    return `→ ${operation} ${AutoScalingGroupName}: ${values.join('; ')}`;
  }),
  ...(calls.length > callsShown ? [`→ and ${calls.length - callsShown} calls like these`] : []),
];

/** Like entries of one moment, told as one: "web-api, web-frontend: …". */
export const journalTimeline = (entries: JournalEntry[], startedAt: number): TimelineEntry[] => {
  const lines: (TimelineEntry & { key: string; groups: string[]; message: string; calls: PlannedCall[] })[] =
    [];
  const secondsOf = (at: string): number => (Date.parse(at) - startedAt) / 1000;
  for (const { at, event, message, calls = [], autoScalingGroupName } of entries) {
    const text =
      autoScalingGroupName === undefined ? message : message.replace(`${autoScalingGroupName}: `, '');
    const key = `${event} ${event === 'planned' || event === 'held' ? '' : text}`;
    const last = lines.findLast((line) => line.key === key && secondsOf(at) - line.seconds < 120);
    if (last !== undefined && autoScalingGroupName !== undefined) {
      last.groups.push(autoScalingGroupName);
      last.calls.push(...calls);
      continue;
    }
    lines.push({
      seconds: secondsOf(at),
      source: 'holdfast',
      text: '',
      key,
      groups: autoScalingGroupName === undefined ? [] : [autoScalingGroupName],
      message: text,
      calls: [...calls],
    });
  }
  return lines.map(({ seconds, source, key, groups, message, calls }) => {
    const named = groups.length > 5 ? `${groups.length} groups` : groups.join(', ');
    if (key.startsWith('planned')) {
      const reasons = [...new Set(calls.flatMap(({ reason }) => reason.split('; ')))];
      return {
        seconds,
        source,
        text: [`planned for ${named}: suspend, because`, ...reasons.map((reason) => `  ${reason}`)].join(
          '\n',
        ),
      };
    }
    return {
      seconds,
      source,
      text: [`${named === '' ? '' : `${named}: `}${message}`, ...tellCalls(calls)].join('\n'),
    };
  });
};
