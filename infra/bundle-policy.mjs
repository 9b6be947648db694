import { loadPolicy } from '../functions/policy.ts';

// Read before anything is bundled: a policy that is not valid ends the packaging at once, with its parser's message.
const policy = JSON.stringify(loadPolicy());

/** A plugin for esbuild: puts the checked policy in the place of `functions/policy.ts`. */
const bundlePolicy = {
  name: 'bundle-policy',
  setup(build) {
    build.onLoad({ filter: /[\\/]functions[\\/]policy\.ts$/ }, () => ({
      contents: `export const loadPolicy = () => (${policy});`,
      loader: 'js',
    }));
  },
};

export default [bundlePolicy];
