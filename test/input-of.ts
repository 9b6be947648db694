import type { PlannedCall } from '../functions/domain/calls.ts';

/** The fields of the inputs of calls, of whatever operation: what a test looks at. */
interface AnyInput {
  AutoScalingGroupName?: string;
  ScalingProcesses?: string[];
  InstanceIds?: string[];
  DesiredCapacity?: number;
  ProtectedFromScaleIn?: boolean;
}

/** The input of a call, of which a test asks for a field that only some operations have. */
export const inputOf = (call: Pick<PlannedCall, 'input'> | undefined): AnyInput =>
  (call?.input ?? {}) as AnyInput;
