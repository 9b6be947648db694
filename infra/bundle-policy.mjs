/**
 * A plugin for esbuild: puts the checked policy in the place of `functions/policy.ts`. A policy that is not valid
 * fails the packaging with the message of its parser.
 */
const bundlePolicy = {
  name: 'bundle-policy',
  setup(build) {
    build.onLoad({ filter: /[\\/]functions[\\/]policy\.ts$/ }, async () => {
      const { loadPolicy } = await import('../functions/policy.ts');
      try {
        const policy = JSON.stringify(loadPolicy());
        return { contents: `export const loadPolicy = () => (${policy});`, loader: 'js' };
      } catch (error) {
        return { errors: [{ text: error.message }] };
      }
    });
  },
};

export default [bundlePolicy];
