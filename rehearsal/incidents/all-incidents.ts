import type { Story } from '../incident.ts';
import { packageRepository } from './package-repository.ts';
import { packetLoss } from './packet-loss.ts';
import { rebootLoop } from './reboot-loop.ts';
import { restartEverything } from './restart-everything.ts';
import { switchUpgrade } from './switch-upgrade.ts';
import { usEast1 } from './us-east-1.ts';

/** Every story that can be rehearsed, by name. */
export const allIncidents: Record<string, Story> = {
  [packetLoss.name]: packetLoss,
  [packageRepository.name]: packageRepository,
  [rebootLoop.name]: rebootLoop,
  [restartEverything.name]: restartEverything,
  [switchUpgrade.name]: switchUpgrade,
  [usEast1.name]: usEast1,
};

/** Names that stories had before. */
export const otherNames: Record<string, string> = { 'repository-down': packageRepository.name };
