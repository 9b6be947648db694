import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

/** A resource of a packaged template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

const root = new URL('../../', import.meta.url);
const remedy = 'run npm run package -- --templates, and then the tests';

/** What a template is made of. */
const sources = [
  'serverless.yml',
  ...['infra', 'statemachines'].flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => /\.(yml|cjs|mjs)$/.test(name) && name !== 'rule-exceptions.yml')
      .map((name) => `${folder}/${name}`),
  ),
];

interface Template {
  Parameters: Record<string, { Default?: string; AllowedPattern?: string; AllowedValues?: string[] }>;
  Resources: Record<string, Resource>;
}

/**
 * A packaged template.
 *
 * @param stage `dev`, `staging` or `prod`
 * @throws Error when nothing is packaged, or something changed since
 */
const read = (stage: string): Template => {
  const file = new URL(`.packaged/${stage}/cloudformation-template-update-stack.json`, root);
  if (!existsSync(file)) throw new Error(`Nothing is packaged yet: ${remedy}`);
  const packagedAt = statSync(file).mtimeMs;
  const changed = sources.filter((source) => statSync(new URL(source, root)).mtimeMs > packagedAt);
  if (changed.length > 0) {
    throw new Error(`What is packaged is older than ${changed.join(', ')}: ${remedy}`);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Template;
};

/** The resources of a packaged template. */
export const readTemplate = (stage: string): Record<string, Resource> => read(stage).Resources;

/** The parameters of a packaged template. */
export const readParameters = (stage: string): Template['Parameters'] => read(stage).Parameters;
