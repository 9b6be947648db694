import type { Place } from '../../../functions/domain/telling/console-links.ts';

/** Where the stage of every message lives. */
export const place: Place = {
  stage: 'prod',
  accountId: '123456789012',
  partition: 'aws',
  region: 'eu-west-1',
  tableName: 'holdfast-prod',
  killSwitchParameter: '/holdfast/prod/mode',
};

/** An execution of that stage. */
export const execution = (name: string, machine = 'pause-scaling'): string =>
  `arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-${machine}:${name}`;
