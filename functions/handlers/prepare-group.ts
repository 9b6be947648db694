import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { createCloudFormation } from '../aws/cloudformation.ts';
import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createPrepareGroup } from '../tasks/resize/prepare-group.ts';

/** Task PrepareGroup of `statemachines/resize-in-place.asl.yml`. */
export const definition = defineFunction({
  name: 'prepareGroup',
  input: resizeRoundState,
  wire: (runtime) =>
    createPrepareGroup({
      ...taskDependencies(runtime),
      // It only reads, in every mode.
      cloudFormation: createCloudFormation(runtime.connect(CloudFormationClient, 'dry-run')),
    }),
});

export const handler = createHandler(definition);
