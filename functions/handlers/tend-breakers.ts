import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createTendBreakers } from '../tasks/drain/tend-breakers.ts';

/** Task TendBreakers of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'tendBreakers',
  input: drainRoundState,
  wire: ({ config, connect, store, clock, newOwner }) =>
    createTendBreakers({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      newOwner,
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
