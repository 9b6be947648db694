import type * as z from 'zod/mini';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Ec2Call } from '../../domain/calls.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { planTemplateUpdate, setDefaultVersionCall } from '../../domain/resize/plan-template-update.ts';
import { tellTemplateRefusal } from '../../domain/telling/resize-sentences.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { clientsFor, type ResizeDependencies } from './look-at-resizes.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/**
 * Gives the launch template the type its group was resized to, where the input asks for it. The old version stays;
 * making it the latest or the default again undoes it. With it the resize of the group is over, whatever comes of it.
 */
export const createUpdateLaunchTemplate = (dependencies: ResizeDependencies) => {
  const { store, clock } = dependencies;
  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const { ec2 } = clientsFor(dependencies, incident.mode);
    for (const resize of await store.readResizes(await store.readIncidentGroups(incidentId))) {
      const { autoScalingGroupName: name, work, ...rest } = resize;
      if (work?.incidentId !== incidentId || work.restoredAt === undefined) continue;
      const journal: JournalEntry[] = [];
      const note = createGroupNotes(journal, clock, name);
      const finish = () => store.writeResize({ autoScalingGroupName: name, ...rest });
      try {
        const template = work.launchTemplate;
        const present =
          template === undefined
            ? undefined
            : await ec2.describeLaunchTemplate(template.launchTemplateId, template.version);
        const update = planTemplateUpdate(work, present);
        if (update.action === 'REFUSE') {
          note('refused', tellTemplateRefusal(update.refusal), { because: update.refusal.because });
        } else {
          const versionNumber = await ec2.createLaunchTemplateVersion(update.create);
          const calls: Ec2Call[] = [update.create];
          if (update.setsDefault) {
            const setDefault = setDefaultVersionCall(update.launchTemplateId, versionNumber);
            await ec2.make(setDefault);
            calls.push(setDefault);
          }
          note(
            'drift',
            `its launch template has version ${versionNumber} with the new type now; to undo it make version ${template?.versionNumber} the ${update.setsDefault ? 'default' : 'latest'} again`,
            { calls },
          );
        }
        await finish();
        result.taken += 1;
      } catch (error) {
        const text = describeAwsError(error);
        if (isRefusal(error)) {
          note(
            'failed',
            `its launch template could not be changed (${text}); change it by hand, as said before`,
          );
          await finish();
        } else {
          note('failed', `its launch template could not be changed now (${text}); tried again`);
          result.hasToWait = true;
        }
      }
      await writeJournal(store, incidentId, journal);
    }
    return result;
  };
};
