import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createAutoScaling } from '../aws/auto-scaling.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { createKillSwitch } from '../aws/systems-manager.ts';
import { planHoldState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createPlanHold } from '../tasks/holds/plan-hold.ts';

/** Task PlanHold of `statemachines/hold.asl.yml`. */
export const definition = defineFunction({
  name: 'planHold',
  input: planHoldState,
  wire: ({ config, connect, store, clock, policy }) =>
    createPlanHold({
      autoScaling: (mode) => createAutoScaling(connect(AutoScalingClient, mode)),
      stepFunctions: createStepFunctions(connect(SFNClient, config.stageMode)),
      killSwitch: createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter),
      store,
      clock,
      policy: policy(),
      stageMode: config.stageMode,
    }),
});

export const handler = createHandler(definition);
