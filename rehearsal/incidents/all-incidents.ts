import type { Story } from '../incident.ts';
import { packetLoss } from './packet-loss.ts';
import { repositoryDown } from './repository-down.ts';

/** Every story that can be rehearsed, by name. */
export const allIncidents: Record<string, Story> = {
  [packetLoss.name]: packetLoss,
  [repositoryDown.name]: repositoryDown,
};
