import { loadPolicy, readPolicyText } from '../functions/policy.ts';
import refusal from './refusal.cjs';

const readPolicy = ({ policy: file, launchTemplates }) => {
  const policy = (() => {
    try {
      return loadPolicy(file);
    } catch (error) {
      throw refusal(error.message);
    }
  })();
  const rule = policy.rules.find(({ resize }) => resize?.updateLaunchTemplate === true);
  if (rule !== undefined && launchTemplates !== 'on') {
    throw refusal(
      `${file}, rule "${rule.name}", field with.updateLaunchTemplate: found true; allowed: false, or true together with --param launchTemplates=on, which gives the permission to change launch templates`,
    );
  }
  return policy;
};

/** What is packaged, in a line: a policy that was left out on the command line is another one than was meant. */
export const tellPolicy = ({ policy: file, mode }, { rules }) =>
  `Policy ${file}, mode ${mode}: ${rules.map((rule) => `${rule.name} (${rule.do})`).join(', ') || 'no rules'}`;

const told = new Set();

/**
 * Plugins for esbuild: puts the checked policy in the place of `functions/policy.ts`. The policy is read before anything
 * is bundled, so that one that is not valid ends the packaging at once, with its parser's message.
 *
 * @param serverless its service says which file the policy is
 */
export default (serverless) => {
  const { checked } = serverless.service.custom;
  const read = readPolicy(checked);
  // osls asks twice.
  const line = tellPolicy(checked, read);
  if (!told.has(line)) process.stderr.write(`${line}\n`);
  told.add(line);
  const policy = JSON.stringify(read);
  const text = JSON.stringify(readPolicyText(checked.policy));
  return [
    {
      name: 'bundle-policy',
      setup(build) {
        build.onLoad({ filter: /[\\/]functions[\\/]policy\.ts$/ }, () => ({
          contents: `export const loadPolicy = () => (${policy});\nexport const readPolicyText = () => ${text};`,
          loader: 'js',
        }));
      },
    },
  ];
};
