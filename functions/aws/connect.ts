import type { Mode } from '../domain/mode.ts';
import { addDryRunGate, type SdkClient } from './dry-run-gate.ts';

/** The constructor of an AWS SDK client. */
type ClientClass<Client> = new (configuration: never) => Client;

/** What Holdfast sets on every client. */
export interface ClientConfiguration {
  maxAttempts: number;
  retryMode: 'standard';
  requestHandler: { connectionTimeout: number; requestTimeout: number; throwOnRequestTimeout: boolean };
  region?: string;
  /** What the calls say of who makes them, in CloudTrail too. */
  userAgentAppId?: string;
  /** Of `~/.aws/config`, for whoever runs a command. */
  profile?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Instead of the SDK's signature of each request. */
  signer?: { sign<Request>(request: Request): Promise<Request> };
  /** Instead of the SDK's logger, for which it prepares every input and output. */
  logger?: object;
  /** Whether the SDK resolves what a call goes through once for each command, and not for each call. */
  cacheMiddleware?: boolean;
}

/** Gives the one client of a class for a mode; in any mode but `live` it can only read. */
export type Connect = <Client extends SdkClient>(clientClass: ClientClass<Client>, mode: Mode) => Client;

/**
 * By default the SDK waits for an answer for ever, and one that never comes would cost the function its time. No call
 * Holdfast makes takes this long; after it the SDK tries again.
 */
const requestHandler = { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/**
 * Makes clients, one per class and gate, kept for the life of the process so that connections are reused.
 *
 * Retries are the SDK's standard ones. Its adaptive mode measures the granted rate by itself, but keeps a real timer
 * from the moment it is imported, which no rehearsal in virtual time can follow.
 *
 * @param configuration what differs between production and rehearsal
 * @param prepare called once with each new client
 */
export const createConnect = (
  configuration: Partial<ClientConfiguration> = {},
  prepare: (client: SdkClient) => void = () => {},
): Connect => {
  const open = new Map<unknown, SdkClient>();
  const gated = new Map<unknown, SdkClient>();
  return <Client extends SdkClient>(clientClass: ClientClass<Client>, mode: Mode): Client => {
    const clients = mode === 'live' ? open : gated;
    const known = clients.get(clientClass);
    if (known !== undefined) return known as Client;
    const all: ClientConfiguration = {
      maxAttempts: 5,
      retryMode: 'standard',
      requestHandler,
      ...configuration,
    };
    const client = new clientClass(all as never);
    prepare(client);
    if (mode !== 'live') addDryRunGate(client);
    clients.set(clientClass, client);
    return client;
  };
};
