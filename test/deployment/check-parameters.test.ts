import { describe, expect, it } from 'vitest';
import checkParameters from '../../infra/check-parameters.cjs';

const params = {
  default: {
    reservedConcurrency: 'on',
    testEvents: 'none',
    launchTemplates: 'off',
    tracing: 'off',
    accountAlias: '',
    docsUrl: '',
    permissionsBoundary: '',
    rolePath: '/',
    kmsKey: '',
    tags: '',
    policy: 'infra/policy.yml',
  },
  staging: { mode: 'dry-run', keepsTable: false },
  prod: { mode: 'live', keepsTable: true },
};
const check = (
  stage: string,
  param?: string[],
  given: object = params,
  region: string | undefined = 'eu-west-1',
): Promise<Record<string, unknown>> =>
  checkParameters({
    options: {
      ...(param === undefined ? {} : { param }),
      ...(region === undefined ? {} : { region }),
    },
    resolveConfigurationProperty: async ([field]) =>
      field === 'params' ? given : { sweep: {}, updateLaunchTemplate: {} },
    resolveVariable: async () => stage,
  });

describe('infra/check-parameters.cjs', () => {
  it('lets every stage of serverless.yml through, and parameters of the command line', async () => {
    await expect(check('staging')).resolves.toEqual({
      ...params.default,
      stage: 'staging',
      mode: 'dry-run',
      keepsTable: false,
      isTraced: false,
      stackTags: {},
    });
    await expect(
      check('prod', ['testEvents=existing-registry', 'reservedConcurrency=off', 'policy=package.json']),
    ).resolves.toMatchObject({
      policy: 'package.json',
      testEvents: 'existing-registry',
      reservedConcurrency: 'off',
    });
  });

  it('takes what the roles, the keys and the tags of an account ask for', async () => {
    const name = 'boundaries/workloads';
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/0123';
    await expect(
      check('prod', [
        'tags=team=sre,cost-center=a=b',
        `permissionsBoundary=${name}`,
        'rolePath=/ops/',
        `kmsKey=${key}`,
        'accountAlias=shop prod',
        'tracing=on',
      ]),
    ).rejects.toThrow('parameter tags of stage prod: found "team=sre,cost-center=a=b"; allowed: name=value');
    await expect(
      check('prod', ['tags=team=sre,cost-center=42', `permissionsBoundary=${name}`, 'tracing=on']),
    ).resolves.toMatchObject({
      stackTags: { team: 'sre', 'cost-center': '42' },
      permissionsBoundary: name,
      isTraced: true,
    });
    for (const wrong of [
      'permissionsBoundary=arn:aws:iam::123456789012:policy/boundary',
      'rolePath=ops',
      'kmsKey=alias/ours',
      'accountAlias=a,b',
      'docsUrl=http://wiki.example.com',
    ]) {
      await expect(check('prod', [wrong])).rejects.toThrow(`parameter ${wrong.split('=')[0]} of stage prod`);
    }
  });

  it('refuses a command without a Region, and a Region that cannot be one', async () => {
    const options = { options: {}, resolveVariable: async () => 'prod' };
    const resolveConfigurationProperty = async ([field]: string[]) =>
      field === 'params' ? params : { sweep: {} };
    await expect(checkParameters({ ...options, resolveConfigurationProperty })).rejects.toThrow(
      '--region: found nothing; allowed: the Region of your groups, such as eu-west-1',
    );
    await expect(check('prod', undefined, params, 'eu-west')).rejects.toThrow('--region: found "eu-west"');
    for (const region of ['us-gov-west-1', 'cn-north-1', 'ap-southeast-4']) {
      await expect(check('prod', undefined, params, region)).resolves.toBeTypeOf('object');
    }
  });

  it('takes a stage as long as AWS takes its names, and none that is longer', async () => {
    const named = (length: number) => ({
      ...params,
      ['s'.repeat(length)]: { mode: 'dry-run', keepsTable: false },
    });
    await expect(check('s'.repeat(34), undefined, named(34))).resolves.toBeTypeOf('object');
    await expect(check('s'.repeat(35), undefined, named(35))).rejects.toThrow(
      'of 35 characters; allowed: at most 34, or the names of functions are too long for Lambda',
    );
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
      'a stage that is no part of a name',
      'Prod_2',
      undefined,
      { ...params, Prod_2: { mode: 'dry-run', keepsTable: true } },
      'stage: found "Prod_2"; allowed: lower-case letters, digits and hyphens',
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
