import { EC2Client } from '@aws-sdk/client-ec2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createEc2 } from '../aws/ec2.ts';
import { createStepFunctions } from '../aws/step-functions.ts';
import { chooseDrainsState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createChooseDrains } from '../tasks/drain/choose-drains.ts';

/** Task ChooseDrains of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'chooseDrains',
  input: chooseDrainsState,
  wire: (runtime) =>
    createChooseDrains({
      ...taskDependencies(runtime),
      ec2: (mode) => createEc2(runtime.connect(EC2Client, mode)),
      // Holdfast's own state machines are not the fleet.
      stepFunctions: createStepFunctions(runtime.connect(SFNClient, 'live')),
      stateMachineArns: runtime.stateMachineArns(),
    }),
});

export const handler = createHandler(definition);
