import { EC2Client } from '@aws-sdk/client-ec2';
import { createEc2 } from '../aws/ec2.ts';
import { drainRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { taskDependencies } from '../lambda/task-dependencies.ts';
import { createKeepEvidence } from '../tasks/drain/keep-evidence.ts';

/** Task KeepEvidence of `statemachines/drain-pending-wait.asl.yml`. */
export const definition = defineFunction({
  name: 'keepEvidence',
  input: drainRoundState,
  wire: (runtime) =>
    createKeepEvidence({
      ...taskDependencies(runtime),
      ec2: (mode) => createEc2(runtime.connect(EC2Client, mode)),
    }),
});

export const handler = createHandler(definition);
