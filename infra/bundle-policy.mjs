import { loadPolicy } from '../functions/policy.ts';
import refusal from './refusal.cjs';

const readPolicy = (file) => {
  try {
    return loadPolicy(file);
  } catch (error) {
    throw refusal(error.message);
  }
};

/**
 * Plugins for esbuild: puts the checked policy in the place of `functions/policy.ts`. The policy is read before anything
 * is bundled, so that one that is not valid ends the packaging at once, with its parser's message.
 *
 * @param serverless its service says which file the policy is
 */
export default (serverless) => {
  const policy = JSON.stringify(readPolicy(serverless.service.custom.checked.policy));
  return [
    {
      name: 'bundle-policy',
      setup(build) {
        build.onLoad({ filter: /[\\/]functions[\\/]policy\.ts$/ }, () => ({
          contents: `export const loadPolicy = () => (${policy});`,
          loader: 'js',
        }));
      },
    },
  ];
};
