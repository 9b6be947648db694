import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createPrepareGroup } from '../tasks/prepare-group.ts';

/** Task PrepareGroup of `statemachines/resize-in-place.asl.json`. */
export const definition = defineFunction({
  name: 'prepareGroup',
  input: resizeRoundState,
  wire: ({ config, connect, store, clock, newOwner }, log) =>
    createPrepareGroup({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      newOwner,
      stageMode: config.stageMode,
      tell: log.info.bind(log),
    }),
});

export const handler = createHandler(definition);
