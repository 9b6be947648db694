import type { Mode } from '../domain/mode.ts';
import { addDryRunGate, type SdkClient } from './dry-run-gate.ts';

/** The constructor of an AWS SDK client. */
export type ClientClass<Client> = new (configuration: ClientConfiguration) => Client;

/** What Holdfast sets on every client. */
export interface ClientConfiguration {
  maxAttempts: number;
  retryMode: 'standard' | 'adaptive';
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Gives the one client of a class for a mode; in any mode but `live` it can only read. */
export type Connect = <Client extends SdkClient>(clientClass: ClientClass<Client>, mode: Mode) => Client;

/**
 * Makes clients, one per class and gate, kept for the life of the process so that connections are reused.
 *
 * Retries are the SDK's. `adaptive` because all Auto Scaling calls of an account share one bucket of unpublished
 * size: the client slows down to what is granted instead of taking the bucket from the fleet's own tools.
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
    const client = new clientClass({ maxAttempts: 4, retryMode: 'adaptive', ...configuration });
    prepare(client);
    if (mode !== 'live') addDryRunGate(client);
    clients.set(clientClass, client);
    return client;
  };
};
