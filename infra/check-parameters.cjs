/** What each parameter of a stage may be. What each is for: `params` in serverless.yml. */
const allowed = {
  mode: ['live', 'dry-run'],
  keepsTable: ['true', 'false'],
  reservedConcurrency: ['on', 'off'],
  testEvents: ['create-registry', 'existing-registry', 'none'],
};

/** An error that osls prints as it is: it would print the stack of any other. */
const refusal = (message) => Object.assign(new Error(message), { stack: message });

const given = (options) =>
  Object.fromEntries([options.param ?? []].flat().map((text) => text.split(/=(.*)/s).slice(0, 2)));

/**
 * Refuses, before anything is packaged, a stage that `serverless.yml` does not know, a parameter that does not exist,
 * one that is missing, and a value that is not allowed. Each refusal names what was found and what is allowed.
 */
module.exports = async ({ options, resolveConfigurationProperty, resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  const { default: defaults = {}, ...stages } = await resolveConfigurationProperty(['params']);
  if (!Object.hasOwn(stages, stage)) {
    throw refusal(
      `stage: found "${stage}"; allowed: ${Object.keys(stages).join(', ')}. To add one, give it a block under params in serverless.yml`,
    );
  }
  const values = { ...defaults, ...stages[stage], ...given(options) };
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(allowed, name)) {
      throw refusal(
        `parameter ${name}: there is none of this name; allowed: ${Object.keys(allowed).join(', ')}`,
      );
    }
  }
  for (const [name, choices] of Object.entries(allowed)) {
    const found = values[name];
    if (found === undefined || !choices.includes(String(found))) {
      throw refusal(
        `parameter ${name} of stage ${stage}: found ${found === undefined ? 'nothing' : `"${found}"`}; allowed: ${choices.join(' or ')}`,
      );
    }
  }
  return 'every parameter of the stage';
};
