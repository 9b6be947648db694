import { driftOf } from '../../domain/resize/decide-restore.ts';
import type { ResizeWork } from '../../domain/resize/resize-record.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import { driftTodo, tellDrift } from '../../domain/telling/resize-sentences.ts';
import type { Note } from '../incidents/note-group.ts';

/** Whether the run ended because an instance failed with a new type. */
const hasFailed = ({ endsBecause }: ResizeWork): boolean =>
  typeof endsBecause === 'object' && endsBecause.because === 'INSTANCE_FAILED';

/**
 * Says what differs from the launch template once a group was resized, and the exact change. Nobody is asked to launch
 * more of what failed.
 */
export const noteDrift = (incidentId: string, work: ResizeWork, note: Note): void => {
  const drift = driftOf(work);
  if (drift === undefined) return;
  const todo = hasFailed(work) ? [] : driftTodo(regionOf(incidentId), drift);
  note('drift', tellDrift(drift), { todo });
};
