import type { Story } from '../incident.ts';
import { packageRepository } from './package-repository.ts';
import { packetLoss } from './packet-loss.ts';
import { rebootLoop } from './reboot-loop.ts';
import { restartEverything } from './restart-everything.ts';
import type { storyNames } from './story-names.ts';
import { switchUpgrade } from './switch-upgrade.ts';
import { usEast1 } from './us-east-1.ts';

/** Every story that can be rehearsed, by name. */
const shipped: Record<(typeof storyNames)[number], Story> = {
  'packet-loss': packetLoss,
  'package-repository': packageRepository,
  'reboot-loop': rebootLoop,
  'restart-everything': restartEverything,
  'switch-upgrade': switchUpgrade,
  'us-east-1': usEast1,
};
export const allIncidents: Record<string, Story> = shipped;

/** Names that stories had before. */
export const otherNames: Record<string, string> = { 'repository-down': packageRepository.name };
