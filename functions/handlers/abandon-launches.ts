import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../middleware/define-function.ts';
import { createAbandonLaunches } from '../tasks/abandon-launches.ts';

/** Task AbandonLaunches of `statemachines/drain-pending-wait.asl.json`. */
export const definition = defineFunction({
  name: 'abandonLaunches',
  input: drainRoundState,
  wire: ({ config, connect, store, clock, newOwner }, log) =>
    createAbandonLaunches({
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
