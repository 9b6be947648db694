import type * as z from 'zod/mini';
import type { Ec2Prove, ProvableCall } from '../../aws/ec2-prove.ts';
import type { Clock } from '../../clock.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { toReservation } from '../../domain/resize/plan-resize.ts';
import {
  changeTypeCall,
  reserveCall,
  resizeSnapshotCall,
  startCall,
  stopCall,
} from '../../domain/resize/resize-calls.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import type { Store } from '../../state/store.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes } from '../incidents/note-group.ts';

/** What ProvePermissions needs. */
export interface ProvePermissionsDependencies {
  ec2: Ec2Prove;
  store: Store;
  clock: Clock;
}

/** Whether EC2 would let us do everything that was planned. */
export interface ProvePermissionsResult {
  proven: number;
  refused: string[];
}

/**
 * Asks EC2, with `DryRun`, whether each kind of call would be allowed on the first instance of each group, for each type
 * that it may get and for as many as a wave reserves, before anything is touched. `DryRun` tells of permission only, not
 * of state or capacity. A group for which something is not allowed is not resized. Auto Scaling has no `DryRun`.
 */
export const createProvePermissions =
  ({ ec2, store, clock }: ProvePermissionsDependencies) =>
  async (state: z.output<typeof resizeRoundState>): Promise<ProvePermissionsResult> => {
    const { incidentId } = state.plan;
    const result: ProvePermissionsResult = { proven: 0, refused: [] };
    const incident = await store.readIncident(incidentId);
    if (incident?.resize === undefined) return result;
    const { reserveCapacity, snapshot } = incident.resize;
    for (const record of await store.readResizes(await store.readIncidentGroups(incidentId))) {
      const { autoScalingGroupName: name, work } = record;
      const [first] = work?.queue ?? [];
      if (work?.incidentId !== incidentId || first === undefined) continue;
      const { instanceId, originalType, candidates, availabilityZone } = first;
      const types = candidates.length === 0 ? [originalType] : candidates;
      // As many as one reservation may be made for: a wave in one zone.
      const wave = (work?.queue ?? []).filter((other) => other.availabilityZone === availabilityZone);
      const members = wave.slice(0, work.waveSize);
      const calls: ProvableCall[] = [
        stopCall(instanceId, false),
        ...types.map((type) => changeTypeCall(instanceId, type, originalType)),
        startCall(instanceId, types[0] ?? originalType),
        ...(snapshot ? [resizeSnapshotCall(name, instanceId)] : []),
        ...(reserveCapacity
          ? types.map((type) =>
              reserveCall(toReservation(incidentId, members, type, members.length, 0, clock.now())),
            )
          : []),
      ];
      const refused: string[] = [];
      for (const call of calls) {
        const refusal = await ec2.prove(call);
        if (refusal === undefined) result.proven += 1;
        else refused.push(`${call.operation} would be refused (${refusal})`);
      }
      if (refused.length === 0) continue;
      result.refused.push(...refused.map((each) => `${name}: ${each}`));
      await store.writeResize({ ...record, work: { ...work, queue: [] } });
      const journal: JournalEntry[] = [];
      createGroupNotes(journal, clock, name)('refused', `not touched: ${refused.join('; ')}`);
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
