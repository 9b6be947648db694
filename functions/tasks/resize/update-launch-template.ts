import type * as z from 'zod/mini';
import { describeAwsError, isRefusal } from '../../aws/aws-error.ts';
import type { Ec2Call } from '../../domain/calls.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { planTemplateUpdate, setDefaultVersionCall } from '../../domain/resize/plan-template-update.ts';
import { regionOf } from '../../domain/telling/commands.ts';
import {
  tellTemplateRefusal,
  tellTemplateUpdate,
  templateUpdateTodo,
} from '../../domain/telling/resize-sentences.ts';
import type { resizeRoundState } from '../../events/hold-state.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { createGroupNotes } from '../incidents/note-group.ts';
import { readModeOrUndefined } from '../incidents/read-mode.ts';
import { clientsFor, type ResizeDependencies } from './look-at-resizes.ts';
import { noteDrift } from './note-drift.ts';
import type { ResizeStepResult } from './resize-step-result.ts';

/**
 * Gives the launch template the type its group was resized to, where the input asks for it. The old version stays;
 * people are told how to launch it again. With it the resize of the group is over, whatever comes of it.
 */
export const createUpdateLaunchTemplate = (dependencies: ResizeDependencies) => {
  const { store, clock } = dependencies;
  return async (state: z.output<typeof resizeRoundState>): Promise<ResizeStepResult> => {
    const { incidentId } = state.plan;
    const result: ResizeStepResult = { taken: 0, hasToWait: false };
    const incident = await store.readIncident(incidentId);
    if (incident === undefined) return result;
    const { ec2 } = clientsFor(dependencies, incident.mode);
    // A version that is made brings nobody home: by an unknown word nothing new begins.
    const mode = await readModeOrUndefined(dependencies.killSwitch, dependencies.stageMode, incident.mode);
    const region = regionOf(incidentId);
    for (const resize of await store.readResizes(await store.readIncidentGroups(incidentId))) {
      const { autoScalingGroupName: name, work, ...rest } = resize;
      if (work?.incidentId !== incidentId || work.restoredAt === undefined) continue;
      const journal: JournalEntry[] = [];
      const note = createGroupNotes(journal, clock, name);
      const noteMade = (versionNumber: number, setsDefault: boolean, calls: Ec2Call[]): void => {
        if (template === undefined) return;
        note('drift', tellTemplateUpdate(versionNumber), {
          calls,
          todo: templateUpdateTodo(region, template, versionNumber, setsDefault),
        });
      };
      const template = work.launchTemplate;
      let made: number | undefined;
      let isOver = true;
      try {
        const present =
          template === undefined
            ? undefined
            : await ec2.describeLaunchTemplate(template.launchTemplateId, template.version);
        const update = planTemplateUpdate(work, present);
        if (update.action === 'REFUSE') {
          noteDrift(incidentId, work, note);
          note('refused', tellTemplateRefusal(update.refusal), { because: update.refusal.because });
        } else if (update.action === 'MADE') {
          noteMade(update.versionNumber, update.setsDefault, []);
        } else if (mode === 'live') {
          made = await ec2.createLaunchTemplateVersion(update.create);
          const calls: Ec2Call[] = [update.create];
          if (update.setsDefault) {
            const setDefault = setDefaultVersionCall(update.launchTemplateId, made);
            await ec2.make(setDefault);
            calls.push(setDefault);
          }
          noteMade(made, update.setsDefault, calls);
        } else isOver = false;
      } catch (error) {
        const text = describeAwsError(error);
        const what = made === undefined ? 'be changed' : `get version ${made}, which is made, as its default`;
        isOver = isRefusal(error);
        if (isOver) noteDrift(incidentId, work, note);
        note(
          'failed',
          isOver
            ? `its launch template could not ${what} (${text}); change it by hand`
            : `its launch template could not ${what} now (${text}); tried again`,
        );
      }
      if (isOver) result.taken += 1;
      else result.hasToWait = true;
      // Told before the work is forgotten: who dies between the two tells it once more.
      await writeJournal(store, incidentId, journal);
      if (isOver) await store.writeResize({ autoScalingGroupName: name, ...rest });
    }
    return result;
  };
};
