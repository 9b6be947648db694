import { SSMClient } from '@aws-sdk/client-ssm';
import { createKillSwitch, type KillSwitch } from '../aws/systems-manager.ts';
import type { Runtime } from './runtime.ts';

/** The kill switch of the stage. */
export const killSwitchOf = ({ connect, config, killSwitch }: Runtime): KillSwitch =>
  killSwitch ?? createKillSwitch(connect(SSMClient, config.stageMode), config.killSwitchParameter);
