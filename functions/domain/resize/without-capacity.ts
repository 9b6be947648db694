import { turnHome } from './decide-resize-step.ts';
import type { InstanceFailure } from './resize-facts.ts';
import { type Resize, type ResizeWork, withResize } from './resize-record.ts';

/**
 * What becomes of instances of one zone for which no capacity can be held: what is out of service goes home, and what
 * is not yet, or waits for a later wave with the same types, is not touched.
 *
 * @param members the instances that were chosen; all of one zone and one list of types
 */
export const withoutCapacity = (
  work: ResizeWork,
  members: Resize[],
  now: string,
): { work: ResizeWork; failure: InstanceFailure; untouched: number } => {
  const [first] = members;
  const isAlike = ({ availabilityZone, platform, candidates }: ResizeWork['queue'][number]): boolean =>
    availabilityZone === first?.availabilityZone &&
    platform === first.platform &&
    candidates.join() === first.candidates.join();
  const failure: InstanceFailure = {
    because: 'NO_CAPACITY',
    instanceTypes: first?.candidates ?? [],
    availabilityZone: first?.availabilityZone ?? '',
  };
  const ended = members.reduce(
    (changed, { instanceId, hasEntered, originalType }) =>
      withResize(
        changed,
        instanceId,
        hasEntered
          ? turnHome(failure, originalType, now)
          : { stage: 'ENDED', stageAt: now, outcome: 'UNTOUCHED', failure },
      ),
    work,
  );
  return {
    work: { ...ended, queue: work.queue.filter((candidate) => !isAlike(candidate)) },
    failure,
    untouched: members.length + work.queue.filter(isAlike).length,
  };
};
