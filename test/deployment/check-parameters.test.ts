import { describe, expect, it } from 'vitest';
import checkParameters from '../../infra/check-parameters.cjs';

const params = {
  default: { reservedConcurrency: 'on', testEvents: 'none' },
  staging: { mode: 'dry-run', keepsTable: false },
  prod: { mode: 'live', keepsTable: true },
};
const check = (stage: string, param?: string[], given: object = params): Promise<string> =>
  checkParameters({
    options: param === undefined ? {} : { param },
    resolveConfigurationProperty: async () => given,
    resolveVariable: async () => stage,
  });

describe('infra/check-parameters.cjs', () => {
  it('lets every stage of serverless.yml through, and parameters of the command line', async () => {
    await expect(check('staging')).resolves.toBeTypeOf('string');
    await expect(
      check('prod', ['testEvents=existing-registry', 'reservedConcurrency=off']),
    ).resolves.toBeTypeOf('string');
  });

  it.each([
    ['an unknown stage', 'qa', undefined, params, 'stage: found "qa"; allowed: staging, prod'],
    [
      'the block of defaults as a stage',
      'default',
      undefined,
      params,
      'stage: found "default"; allowed: staging',
    ],
    [
      'a stage without a mode',
      'eu',
      undefined,
      { ...params, eu: { keepsTable: true } },
      'parameter mode of stage eu: found nothing; allowed: live or dry-run',
    ],
    [
      'a mode that there is not',
      'prod',
      ['mode=liv'],
      params,
      'parameter mode of stage prod: found "liv"; allowed: live or dry-run',
    ],
    [
      'a parameter that there is not',
      'prod',
      ['mod=live'],
      params,
      'parameter mod: there is none of this name; allowed: mode, keepsTable',
    ],
  ])('refuses %s, and names it', async (_what, stage, param, given, message) => {
    await expect(check(stage, param, given)).rejects.toThrow(message);
  });
});
