import { AutoScalingServiceException } from '@aws-sdk/client-auto-scaling';
import { CloudFormationServiceException } from '@aws-sdk/client-cloudformation';
import { CloudTrailServiceException } from '@aws-sdk/client-cloudtrail';
import { CloudWatchServiceException } from '@aws-sdk/client-cloudwatch';
import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2ServiceException } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNServiceException } from '@aws-sdk/client-sfn';
import { SNSServiceException } from '@aws-sdk/client-sns';
import { SSMServiceException } from '@aws-sdk/client-ssm';
import { retryMiddleware } from '@smithy/core/retry';
import type { SdkClient } from '../../functions/aws/dry-run-gate.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { CloudError } from './cloud-error.ts';
import { runningFunction } from './lambda.ts';

/** A call that reached the simulated cloud: one entry per request, so a retried call has several. */
export interface RecordedCall {
  /** ISO 8601. */
  at: string;
  /** The function of `serverless.yml` that made the call. */
  functionName: string;
  service: string;
  operation: string;
  input: Record<string, unknown>;
  /** Whether the operation changes something of the fleet. */
  mutating: boolean;
  /** `ok`, or the code of the refusal. */
  outcome: string;
}

/** One simulated service: answers an operation or throws. */
export interface SimulatedService {
  handle(operation: string, input: Record<string, unknown>): object;
}

/** Each client's service, and the exception its refusals arrive as. */
const exceptions = {
  AutoScalingClient: { service: 'AutoScaling', Exception: AutoScalingServiceException },
  CloudFormationClient: { service: 'CloudFormation', Exception: CloudFormationServiceException },
  CloudTrailClient: { service: 'CloudTrail', Exception: CloudTrailServiceException },
  CloudWatchClient: { service: 'CloudWatch', Exception: CloudWatchServiceException },
  EC2Client: { service: 'EC2', Exception: EC2ServiceException },
  ElasticLoadBalancingV2Client: {
    service: 'ElasticLoadBalancing',
    Exception: ElasticLoadBalancingV2ServiceException,
  },
  SFNClient: { service: 'StepFunctions', Exception: SFNServiceException },
  SNSClient: { service: 'SNS', Exception: SNSServiceException },
  SSMClient: { service: 'SSM', Exception: SSMServiceException },
} as const;

/** The services a rehearsal can reach. */
export type ServiceName = (typeof exceptions)[keyof typeof exceptions]['service'];

type Handler = (args: { input: Record<string, unknown> }) => Promise<object>;
type Middleware = (next: unknown, context: { clientName?: string; commandName?: string }) => Handler;

/** The part of a client that the wire uses. */
interface WiredClient {
  config: Parameters<typeof retryMiddleware>[0];
  middlewareStack: {
    add(
      middleware: Middleware,
      options: { step: 'deserialize' | 'initialize'; priority: 'high' | 'low'; name: string },
    ): void;
  };
}

/** How calls may go wrong, where a test wants them to. */
export interface WireQuirks {
  /** How often an answer never arrives, from 0 to 1; half of these calls were carried out. Its function times out. */
  hangRate: number;
  /** How often a service answers with an error of its own, from 0 to 1. The SDK tries again. */
  serverErrorRate: number;
}

/** Operations of the fleet that only read begin with these words; everything else of its services changes it. */
export const isMutating = (service: string, operation: string, input: Record<string, unknown>): boolean =>
  ['AutoScaling', 'EC2'].includes(service) && !/^(Describe|Get)/.test(operation) && input.DryRun !== true;

/**
 * Replaces AWS below the SDK's own retries: what a client would send arrives here, what it would receive is answered
 * from the simulated services. Everything above (serialisation, signing, retries, gate) is the real client.
 *
 * @param skipsSerialization whether only gate and retries are the real client: serialisation, endpoint, user agent and
 * signature take a third of the time of a call, and nothing of them arrives here
 */
export const createWire = (
  time: VirtualTime,
  random: () => number,
  services: Record<ServiceName, SimulatedService>,
  quirks: WireQuirks,
  onCall: (call: RecordedCall) => void,
  outageOf: (service: ServiceName) => { error?: string } | undefined = () => undefined,
  isDead: (call: RecordedCall, when: 'before' | 'after') => boolean = () => false,
  skipsSerialization = false,
) => {
  const answer = async (clientName: string, commandName: string, input: Record<string, unknown>) => {
    const known = exceptions[clientName as keyof typeof exceptions];
    if (known === undefined) throw new Error(`The simulated cloud has no service for ${clientName}`);
    const operation = commandName.replace(/Command$/, '');
    await time.sleep(20 + 60 * random());
    const call: RecordedCall = {
      at: time.iso(),
      functionName: runningFunction.getStore() ?? '',
      service: known.service,
      operation,
      input: skipsSerialization ? input : JSON.parse(JSON.stringify(input)),
      mutating: isMutating(known.service, operation, input),
      outcome: 'ok',
    };
    onCall(call);
    if (isDead(call, 'before')) return await new Promise<never>(() => {});
    const isLost = random() < quirks.hangRate;
    const outage = outageOf(known.service);
    try {
      if (outage !== undefined) {
        // Without an answer the SDK gives up after its request timeout.
        if (outage.error === undefined) await time.sleep(10_000);
        throw outage.error === undefined
          ? new CloudError('TimeoutError', `${known.service} does not answer`, 503)
          : new CloudError(outage.error, 'Rate exceeded', 400);
      }
      if (isLost && random() < 0.5) {
        call.outcome = 'lost on the way';
        return await new Promise<never>(() => {});
      }
      if (random() < quirks.serverErrorRate) {
        throw new CloudError(
          'InternalFailure',
          'The request processing has failed because of an unknown error.',
          500,
        );
      }
      const output = services[known.service].handle(operation, input);
      return isLost || isDead(call, 'after') ? await new Promise<never>(() => {}) : output;
    } catch (error) {
      call.outcome = error instanceof CloudError ? error.code : (error as Error).name;
      if (!(error instanceof CloudError)) throw error;
      throw new known.Exception({
        name: error.code,
        $fault: error.httpStatusCode >= 500 ? 'server' : 'client',
        message: error.message,
        $metadata: { httpStatusCode: error.httpStatusCode },
      });
    }
  };

  const wired: Middleware =
    (_next, { clientName = '', commandName = '' }) =>
    async ({ input }) => {
      const output = await answer(clientName, commandName, input);
      return { response: {}, output: { ...output, $metadata: { httpStatusCode: 200 } } };
    };
  return (client: SdkClient): void => {
    const { config, middlewareStack } = client as unknown as WiredClient;
    const name = 'simulatedCloud';
    if (!skipsSerialization) {
      middlewareStack.add(wired, { step: 'deserialize', priority: 'high', name });
      return;
    }
    const retrying = retryMiddleware(config) as unknown as (next: Handler, context: object) => Handler;
    middlewareStack.add((next, context) => retrying(wired(next, context), context), {
      step: 'initialize',
      priority: 'low',
      name,
    });
  };
};
