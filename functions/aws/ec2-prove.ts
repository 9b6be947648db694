import {
  CreateCapacityReservationCommand,
  CreateSnapshotsCommand,
  type EC2Client,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { CallOf } from '../domain/calls.ts';
import { toReservationInput } from './ec2-resize.ts';

/** A call that EC2 is asked about beforehand. */
export type ProvableCall = CallOf<
  | 'StopInstances'
  | 'StartInstances'
  | 'ModifyInstanceAttribute'
  | 'CreateSnapshots'
  | 'CreateCapacityReservation'
>;

/** Amazon EC2, asked whether it would allow a call. Nothing here can change anything: every call has `DryRun`. */
export interface Ec2Prove {
  /**
   * Whether EC2 would allow a call.
   * @returns `undefined` when it would, or else its refusal; throws when it could not be asked
   */
  prove(call: ProvableCall): Promise<string | undefined>;
}

/** Wraps a client in the calls that a resize makes, each with `DryRun`: the answer is always an error. */
export const createEc2Prove = (client: EC2Client): Ec2Prove => {
  const ask = async (call: ProvableCall): Promise<unknown> => {
    const DryRun = true;
    switch (call.operation) {
      case 'StopInstances':
        return client.send(new StopInstancesCommand({ ...call.input, DryRun }));
      case 'StartInstances':
        return client.send(new StartInstancesCommand({ ...call.input, DryRun }));
      case 'ModifyInstanceAttribute':
        return client.send(new ModifyInstanceAttributeCommand({ ...call.input, DryRun }));
      case 'CreateSnapshots':
        return client.send(new CreateSnapshotsCommand({ ...call.input, DryRun }));
      case 'CreateCapacityReservation':
        return client.send(
          new CreateCapacityReservationCommand({ ...toReservationInput(call.input), DryRun }),
        );
    }
  };
  return {
    prove: async (call) => {
      try {
        await ask(call);
      } catch (error) {
        const { name, message } = error as Error;
        if (name === 'DryRunOperation') return undefined;
        if (/^(UnauthorizedOperation|AccessDenied\w*|AuthFailure|OptInRequired)$/.test(name)) {
          return `${name}: ${message}`;
        }
        const { httpStatusCode = 0 } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
        // Should EC2 look at the state first (the type of a running instance cannot be changed): no permission is missing.
        if (httpStatusCode >= 400 && httpStatusCode < 500 && name !== 'RequestLimitExceeded')
          return undefined;
        throw error;
      }
      throw new Error(`EC2 carried out ${call.operation} although DryRun was set`);
    },
  };
};
