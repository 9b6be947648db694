import { createHash } from 'node:crypto';
import type { CallOf } from '../calls.ts';
import type { StoredRunEnd } from './resize-facts.ts';
import type { ResizeWork } from './resize-record.ts';

/** A version of a launch template, as far as a resize asks. */
export interface TemplateVersion {
  versionNumber: number;
  instanceType?: string;
  description?: string;
}

/** Why a launch template is left as it is. */
export type TemplateRefusal =
  | { because: 'NO_LAUNCH_TEMPLATE' }
  | { because: 'MIXED_INSTANCES' }
  | { because: 'NOT_ALL_OF_ONE_TYPE' }
  | { because: 'RUN_ENDED'; ends: StoredRunEnd }
  | { because: 'VERSION_BY_NUMBER'; version: string }
  | { because: 'HAS_IT_ALREADY'; instanceType: string }
  | { because: 'CHANGED_MEANWHILE' };

/**
 * How a launch template gets the type its group was resized to.
 * - `UPDATE`: these calls; the second one, where there is one, needs the number of the version made by the first.
 * - `MADE`: Holdfast has made the version before, and could not say so; where `setsDefault`, it is the default too.
 * - `REFUSE`: it is left as it is; the difference was reported with the exact change.
 */
export type TemplateUpdate =
  | {
      action: 'UPDATE';
      create: CallOf<'CreateLaunchTemplateVersion'>;
      setsDefault: boolean;
      launchTemplateId: string;
    }
  | { action: 'MADE'; versionNumber: number; setsDefault: boolean }
  | { action: 'REFUSE'; refusal: TemplateRefusal };

/** By which a version is known to be Holdfast's. */
const versionDescription = (instanceType: string): string =>
  `Holdfast: ${instanceType}, as the running instances`;

/**
 * Decides whether the launch template may get the new type: only if everything was resized, to one type, and nobody
 * changed the template meanwhile. A group that names a version by number is not touched: to name another one needs the
 * rights to run what the template says.
 *
 * @param present the version the group names, as it is now
 */
export const planTemplateUpdate = (
  {
    resizes,
    launchTemplate,
    incidentId,
    endsBecause,
  }: Pick<ResizeWork, 'resizes' | 'launchTemplate' | 'incidentId' | 'endsBecause'>,
  present: TemplateVersion | undefined,
): TemplateUpdate => {
  const refuse = (refusal: TemplateRefusal): TemplateUpdate => ({ action: 'REFUSE', refusal });
  if (launchTemplate === undefined) return refuse({ because: 'NO_LAUNCH_TEMPLATE' });
  const { launchTemplateId, version, versionNumber, isOverridden } = launchTemplate;
  if (isOverridden === true) return refuse({ because: 'MIXED_INSTANCES' });
  const types = [
    ...new Set(
      resizes.map(({ outcome, instanceType }) => (outcome === 'RESIZED' ? instanceType : undefined)),
    ),
  ];
  const [instanceType] = types;
  if (types.length !== 1 || instanceType === undefined) return refuse({ because: 'NOT_ALL_OF_ONE_TYPE' });
  const setsDefault = version === '$Default';
  const isOurs =
    present?.instanceType === instanceType && present.description === versionDescription(instanceType);
  // Made before the run ended, and not told.
  if (isOurs && present.versionNumber > versionNumber)
    return { action: 'MADE', versionNumber: present.versionNumber, setsDefault };
  if (endsBecause !== undefined) return refuse({ because: 'RUN_ENDED', ends: endsBecause });
  if (version !== '$Latest' && version !== '$Default') {
    return refuse({ because: 'VERSION_BY_NUMBER', version });
  }
  if (present?.instanceType === instanceType) return refuse({ because: 'HAS_IT_ALREADY', instanceType });
  if (present?.versionNumber !== versionNumber) {
    return refuse({ because: 'CHANGED_MEANWHILE' });
  }
  return {
    action: 'UPDATE',
    launchTemplateId,
    setsDefault,
    create: {
      service: 'EC2',
      operation: 'CreateLaunchTemplateVersion',
      input: {
        LaunchTemplateId: launchTemplateId,
        SourceVersion: String(versionNumber),
        ClientToken: createHash('sha256')
          .update(`${incidentId}\n${launchTemplateId}`)
          .digest('hex')
          .slice(0, 40),
        VersionDescription: versionDescription(instanceType),
        LaunchTemplateData: { InstanceType: instanceType },
      },
      reason: 'else every replacement has the old type',
    },
  };
};

/** Makes a version the one that is launched. */
export const setDefaultVersionCall = (
  launchTemplateId: string,
  versionNumber: number,
): CallOf<'ModifyLaunchTemplate'> => ({
  service: 'EC2',
  operation: 'ModifyLaunchTemplate',
  input: { LaunchTemplateId: launchTemplateId, DefaultVersion: String(versionNumber) },
  reason: 'the group launches the default version',
});
