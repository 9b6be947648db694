import { drainPendingWait } from './drain/drain-pending-wait.ts';
import { pauseScaling } from './holds/pause-scaling.ts';
import { protectInstances } from './holds/protect-instances.ts';
import type { RemediationRecord } from './remediation.ts';
import type { Remediation } from './remediation-names.ts';
import { resizeInPlace } from './resize/resize-in-place.ts';

/** Every remediation: all that makes it different from the others. */
export const remediations: Record<Remediation, RemediationRecord> = {
  'pause-scaling': pauseScaling,
  'protect-instances': protectInstances,
  'drain-pending-wait': drainPendingWait,
  'resize-in-place': resizeInPlace,
};
