import { groupNameIn } from '../cloud/auto-scaling-group.ts';
import { CloudError } from '../cloud/cloud-error.ts';
import { runningFunction } from '../cloud/lambda.ts';
import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';

/** How AWS may refuse every change of one group while others can be changed. Source: the common errors of the Auto Scaling API. */
export const refusals = [
  'ResourceContention',
  'ScalingActivityInProgress',
  'AccessDenied',
  'InternalFailure',
] as const;

/** Which groups AWS refuses to change, when, and how. */
export interface Refusals {
  kind: 'refuses';
  from: number;
  lasts: number;
  groups: string[];
  error: (typeof refusals)[number];
}

const statusOf: Record<Refusals['error'], number> = {
  ResourceContention: 500,
  ScalingActivityInProgress: 400,
  AccessDenied: 403,
  InternalFailure: 500,
};

/** Has AWS refuse what functions would change of these groups. */
export const refuseChanges = ({ autoScaling, time }: SimulatedCloud, parts: Refusals[]): void => {
  const { handle } = autoScaling;
  autoScaling.handle = (operation, input) => {
    const isOurs = runningFunction.getStore() !== undefined && !operation.startsWith('Describe');
    const name = isOurs ? groupNameIn(input) : undefined;
    const now = time.elapsedSeconds();
    const refusing = parts.find(
      ({ from, lasts, groups }) =>
        name !== undefined && groups.includes(name) && now >= from && now < from + lasts,
    );
    if (refusing === undefined) return handle(operation, input);
    const { error } = refusing;
    throw new CloudError(error, `${operation} of ${name} is refused`, statusOf[error]);
  };
};
