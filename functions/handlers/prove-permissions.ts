import { EC2Client } from '@aws-sdk/client-ec2';
import { createEc2Prove } from '../aws/ec2-prove.ts';
import { resizeRoundState } from '../events/hold-state.ts';
import { createHandler, defineFunction } from '../lambda/define-function.ts';
import { createProvePermissions } from '../tasks/resize/prove-permissions.ts';

/** Task ProvePermissions of `statemachines/resize-in-place.asl.yml`. A dry run never comes here. */
export const definition = defineFunction({
  name: 'provePermissions',
  input: resizeRoundState,
  wire: ({ connect, store, clock }) =>
    createProvePermissions({ ec2: createEc2Prove(connect(EC2Client, 'live')), store, clock }),
});

export const handler = createHandler(definition);
