import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { releaseHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createReleaseHold } from '../tasks/holds/release-hold.ts';

/** Task ReleaseHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'releaseHold',
  input: releaseHoldState,
  wire: ({ connect, store, clock, newOwner }) =>
    createReleaseHold({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      store,
      clock,
      newOwner,
    }),
});

export const handler = createHandler(definition);
