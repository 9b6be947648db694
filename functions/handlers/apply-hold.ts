import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { applyHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createApplyHold } from '../tasks/holds/apply-hold.ts';

/** Task ApplyHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'applyHold',
  input: applyHoldState,
  wire: ({ config, connect, store, clock, newOwner }) =>
    createApplyHold({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      newOwner,
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
