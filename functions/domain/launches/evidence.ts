import { counted } from '../times.ts';
import type { WaitSource } from './launch-record.ts';

/** What is kept of an instance before it is ended. Kept compressed, beside the journal of its incident. */
export interface Evidence {
  instanceId: string;
  autoScalingGroupName: string;
  takenAt: string;
  waitingSince: string;
  waitingSinceFrom: WaitSource;
  instance?: {
    instanceType: string;
    imageId: string;
    availabilityZone: string;
    subnetId: string;
    launchTime: string;
    tags: Record<string, string>;
  };
  /** Its launch, in AWS's words. */
  activity?: { activityId: string; cause: string; statusCode: string; statusMessage: string };
  launchHooks: {
    lifecycleHookName: string;
    heartbeatTimeoutSeconds: number;
    defaultResult: string;
    /** Until the hook would have timed out by itself, if no heartbeat was sent. */
    heartbeatLeftSeconds: number;
  }[];
  /** The latest 64 KiB, as the instance wrote them. */
  consoleOutput?: string;
  snapshotIds: string[];
  /** What could not be read, and why. */
  problems: string[];
}

const errorWords = /error|fail|fatal|timed? ?out|refused|unreachable|denied|no such|cannot|could not|unable/i;

/** The last line of the console that speaks of a failure, or the last line at all. */
export const tellingLine = (consoleOutput: string | undefined): string | undefined => {
  const lines = (consoleOutput ?? '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.findLast((line) => errorWords.test(line)) ?? lines.at(-1))?.slice(0, 300);
};

/** A text without what differs between one instance and the next: ids, numbers, times. */
const likenessOf = (text: string): string =>
  text
    .replace(/\bi-[0-9a-f]+\b/gi, '<instance>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, '<id>')
    .replace(/\bip-[\d-]+/gi, '<host>')
    .replace(/\d+(\.\d+)*/g, '#');

/**
 * The last failures, like ones told as one: how many, where, and the line that says most.
 *
 * @returns one sentence per kind of failure, the most frequent first
 */
export const groupByLikeness = (evidence: Evidence[]): string[] => {
  const kinds = new Map<string, { line: string; instanceIds: string[]; images: Set<string> }>();
  for (const { instanceId, consoleOutput, activity, instance } of evidence) {
    const line =
      tellingLine(consoleOutput) ?? activity?.statusMessage ?? 'nothing was written to its console';
    const key = likenessOf(line);
    const kind = kinds.get(key) ?? { line, instanceIds: [], images: new Set<string>() };
    kind.instanceIds.push(instanceId);
    if (instance !== undefined) kind.images.add(instance.imageId);
    kinds.set(key, kind);
  }
  return [...kinds.values()]
    .sort((a, b) => b.instanceIds.length - a.instanceIds.length)
    .map(({ line, instanceIds, images }) => {
      const image = images.size === 0 ? '' : ` from ${[...images].join(', ')}`;
      return `${counted(instanceIds.length, 'instance')}${image} (${instanceIds.slice(0, 3).join(', ')}${instanceIds.length > 3 ? ', …' : ''}): ${line}`;
    });
};
