import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** No template depends on it: each names its Region by AWS::Region. */
const anyRegion = 'us-east-1';

/**
 * Packages one stage with osls.
 *
 * @param folder where to, seen from this repository
 * @param params parameters of the stage, each `name=value`
 * @param environment variables beside those of this process
 * @param stdout where what osls says goes: to our output, or to a stream of ours by its number
 * @returns the exit code; osls has said why where it is not 0
 * @throws Error when osls cannot be started
 */
export const packageStage = (
  stage: string,
  folder: string,
  {
    params = [],
    environment = {},
    stdout = 'inherit',
  }: {
    params?: string[];
    environment?: Record<string, string>;
    stdout?: 'inherit' | 'ignore' | number;
  } = {},
): number => {
  const words = ['package', '--stage', stage, '--region', anyRegion, '--package', folder];
  const { status, error } = spawnSync('osls', [...words, ...params.flatMap((each) => ['--param', each])], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', stdout, 'inherit'],
  });
  if (error !== undefined) throw new Error(`osls cannot be started: ${error.message}. Run npm ci first`);
  return status ?? 1;
};
