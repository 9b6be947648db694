const refusal = require('./refusal.cjs');

const oneOf = (...choices) => [(found) => choices.includes(String(found)), choices.join(' or ')];
const like = (form, words) => [(found) => typeof found === 'string' && form.test(found), words];

/** What each parameter of a stage may be, and how that is said. What each is for: `params` in serverless.yml. */
const allowed = {
  mode: oneOf('live', 'dry-run'),
  keepsTable: oneOf('true', 'false'),
  reservedConcurrency: oneOf('on', 'off'),
  testEvents: oneOf('create-registry', 'existing-registry', 'none'),
  launchTemplates: oneOf('on', 'off'),
  tracing: oneOf('on', 'off'),
  accountAlias: like(/^[A-Za-z0-9 _.-]{0,30}$/, 'at most 30 letters, digits, blanks, "_", "." and "-"'),
  docsUrl: like(/^$|^https:\/\/[!-~]+$/, 'an address that begins with https://'),
  permissionsBoundary: like(
    /^([\w+=,.@-]+\/)*[\w+=,.@-]*$/,
    'the name of a policy of the account, with its path if it has one, such as boundaries/workloads',
  ),
  rolePath: like(/^\/$|^\/[!-~]+\/$/, 'a path that begins and ends with "/"'),
  kmsKey: like(/^$|^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/.+$/, 'the ARN of a key'),
  tags: like(/^$|^[^=,]+=[^=,]*(,[^=,]+=[^=,]*)*$/, 'name=value, several of them with commas between'),
};
/** The parameters that may be anything else. */
const others = ['policy', 'liveStage'];
const known = [...Object.keys(allowed), ...others];
/** The most that Lambda allows for the name of a function. */
const functionNameMax = 64;

const given = (options) =>
  Object.fromEntries([options.param ?? []].flat().map((text) => text.split(/=(.*)/s).slice(0, 2)));

/** Refuses a stage that there is not, or whose name AWS would not take in the middle of a deploy. */
const checkStage = (stage, stages, functions) => {
  if (!Object.hasOwn(stages, stage)) {
    throw refusal(
      `stage: found "${stage}"; allowed: ${Object.keys(stages).join(', ')}. To add one, give it a block under params in serverless.yml`,
    );
  }
  if (!/^[a-z][a-z0-9-]*$/.test(stage)) {
    throw refusal(
      `stage: found "${stage}"; allowed: lower-case letters, digits and hyphens, with a letter first, because it becomes part of every name`,
    );
  }
  const mixed = Object.keys(stages).find(
    (other) => other.startsWith(`${stage}-`) || stage.startsWith(`${other}-`),
  );
  if (mixed !== undefined) {
    throw refusal(
      `stage: found "${stage}" beside "${mixed}"; allowed: names of which none begins with another one and a hyphen, so that policies for people tell their things apart`,
    );
  }
  const longest = Math.max(...Object.keys(functions).map((name) => `holdfast--${name}`.length));
  if (stage.length + longest > functionNameMax) {
    throw refusal(
      `stage: found "${stage}" of ${stage.length} characters; allowed: at most ${functionNameMax - longest}, or the names of functions are too long for Lambda`,
    );
  }
};

const checkParameter = (name, found, stage) => {
  const [isAllowed, words] = allowed[name];
  if (found === undefined || !isAllowed(found)) {
    throw refusal(
      `parameter ${name} of stage ${stage}: found ${found === undefined ? 'nothing' : `"${found}"`}; allowed: ${words}`,
    );
  }
};

/**
 * Refuses, whatever osls is asked for, a stage or a parameter that does not exist, one that is missing, a value that is
 * not allowed, and a command without a Region. Each refusal names what was found and what is allowed.
 *
 * @returns the stage and its parameters, and what the template needs of them in another form
 */
module.exports = async ({ options, resolveConfigurationProperty, resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  const { default: defaults = {}, ...stages } = await resolveConfigurationProperty(['params']);
  checkStage(stage, stages, await resolveConfigurationProperty(['functions']));
  if (!/^[a-z]{2,}(-[a-z]+)+-\d$/.test(options.region ?? '')) {
    throw refusal(
      `--region: found ${options.region == null ? 'nothing' : `"${options.region}"`}; allowed: the Region of your groups, such as eu-west-1. There is no default`,
    );
  }
  const values = { ...defaults, ...stages[stage], ...given(options) };
  for (const name of Object.keys(values)) {
    if (!known.includes(name)) {
      throw refusal(`parameter ${name}: there is none of this name; allowed: ${known.join(', ')}`);
    }
  }
  for (const name of Object.keys(allowed)) checkParameter(name, values[name], stage);
  return {
    stage,
    ...values,
    isTraced: values.tracing === 'on',
    stackTags: Object.fromEntries(
      values.tags
        .split(',')
        .filter((tag) => tag !== '')
        .map((tag) => tag.split('=')),
    ),
  };
};
