import type { GroupRecord } from '../../domain/holds/group-record.ts';
import { remediations } from '../../domain/remediations.ts';
import type { Store } from '../../state/store.ts';

/**
 * The first of these groups in which somebody or something paused scaling, and why. Nothing is stopped meanwhile.
 * Reads the incident of every hold until one is found.
 */
export const findPausedScaling = async (
  store: Store,
  records: Pick<GroupRecord, 'autoScalingGroupName' | 'holds'>[],
): Promise<{ autoScalingGroupName: string; reason: string } | undefined> => {
  for (const { autoScalingGroupName, holds } of records) {
    for (const { incidentId } of holds) {
      const incident = await store.readIncident(incidentId);
      if (incident === undefined || !remediations[incident.remediation].forbidsStops) continue;
      return { autoScalingGroupName, reason: incident.reason };
    }
  }
  return undefined;
};
