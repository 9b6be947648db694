/** The remediations that exist; each has a state machine of its name, and a record in `remediations.ts`. */
export const remediationNames = [
  'pause-scaling',
  'protect-instances',
  'drain-pending-wait',
  'resize-in-place',
] as const;

/** The name of one of them. */
export type Remediation = (typeof remediationNames)[number];
