import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Clock } from '../../clock.ts';
import { isOptedIn } from '../../domain/auto-scaling-group.ts';
import { stageOfExecution } from '../../domain/execution-arn.ts';
import { holdTagCall, holdTagValue } from '../../domain/holds/hold-tag.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import type { SeenGroup } from './look-at-groups.ts';

/**
 * Makes the tag of a group say what its record says. Last of all, and nothing depends on it: one that cannot be set is
 * set in a later round, and one that is left over is removed by the sweep.
 *
 * @param incidentId of whoever does it: its stage's tags are changed, and no other's
 */
export const setHoldTag = async (
  { autoScaling, clock }: { autoScaling: AutoScaling; clock: Clock },
  incidentId: string,
  { name, group, record }: SeenGroup,
  journal: JournalEntry[],
): Promise<void> => {
  if (group === undefined || !isOptedIn(group)) return;
  const call = holdTagCall(group, holdTagValue(record.holds), stageOfExecution(incidentId));
  if (call === undefined) return;
  const note = createGroupNotes(journal, clock, name);
  try {
    await autoScaling.make(call);
    note(
      'tagged',
      call.operation === 'DeleteTags'
        ? 'the tag holdfast-hold is removed'
        : 'the tag holdfast-hold says who holds the group',
      {
        calls: [call],
      },
    );
  } catch (error) {
    note('failed', `its tag cannot be changed (${describeAwsError(error)}); tried again later`);
  }
};
