const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');
const refusal = require('./refusal.cjs');

/** As `functions/domain/remediation-names.ts` has them; a test holds the two together. */
const remediations = ['pause-scaling', 'protect-instances', 'drain-pending-wait', 'resize-in-place'];

/** What the stack's parameters say of every role. */
const ofEveryRole = {
  Path: { Ref: 'RolePath' },
  PermissionsBoundary: {
    'Fn::If': [
      'HasPermissionsBoundary',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: these are CloudFormation's own.
      { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundaryName}' },
      { Ref: 'AWS::NoValue' },
    ],
  },
};

const pascal = (name) => name.replace(/(^|-)(\w)/g, (_all, _hyphen, letter) => letter.toUpperCase());

/** One thing, or the only thing of a list: as CloudFormation writes it. */
const oneOrAll = (list) => (list.length === 1 ? list[0] : list);

const known = (list, name, where) => {
  if (!Object.hasOwn(list, name)) {
    throw refusal(
      `infra/permissions.yml, ${where}: found "${name}"; allowed: ${Object.keys(list).join(', ')}`,
    );
  }
  return list[name];
};

/** One thing, or a list that is not empty. */
const someOf = (said, where) => {
  const list = [said ?? []].flat();
  if (list.length === 0) throw refusal(`infra/permissions.yml, ${where}: found nothing; name at least one`);
  return list;
};

/** Reads `infra/permissions.yml`. */
const readPermissions = () =>
  parse(readFileSync(join(__dirname, 'permissions.yml'), 'utf8'), { merge: true, maxAliasCount: -1 });

/** The grants in lists that are named after a parameter of the stage, as far as it is `on`. */
const where = (lists, options) =>
  Object.assign({}, ...Object.entries(lists).map(([name, list]) => (options[name] === 'on' ? list : {})));

const assumedByLambda = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** What makes statements of grants, and ends with a refusal where one names what there is not. */
const writeStatements = ({ things, conditions, functions }, stage) => {
  /** The things of a name: one, or one for each remediation. */
  const resources = (name, functionName, where) => {
    if (name === '*') return ['*'];
    const thing = known(things, name, where);
    if (typeof thing !== 'string') return [thing];
    const each = thing.includes('REMEDIATION') ? remediations : [''];
    return each.map((remediation) => ({
      'Fn::Sub': thing
        .replaceAll('STAGE', stage)
        .replace('REMEDIATION', remediation)
        .replace('FUNCTION', functionName ?? Object.keys(functions)[0]),
    }));
  };
  const statement = (grant, said, functionName) => {
    const { may, never, on, where: condition } = said;
    for (const key of Object.keys(said)) known({ may, never, on, where: condition }, key, `grant ${grant}`);
    return {
      Effect: never === undefined ? 'Allow' : 'Deny',
      Action: oneOrAll(someOf(never ?? may, `grant ${grant}, ${never === undefined ? 'may' : 'never'}`)),
      Resource: oneOrAll(
        someOf(on, `grant ${grant}, on`).flatMap((name) =>
          resources(name, functionName, `grant ${grant}, on`),
        ),
      ),
      ...(condition === undefined
        ? {}
        : { Condition: known(conditions, condition, `grant ${grant}, where`) }),
    };
  };
  return ([grant, statements], functionName) => ({
    PolicyName: grant,
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [statements].flat().map((each) => statement(grant, each, functionName)),
    },
  });
};

/**
 * The roles and policies of a stage, as CloudFormation resources: a role for each function, with what every function
 * has, and a policy for each other grant, which names the roles that have it. A stage that is a dry run has no policy
 * that changes the fleet.
 *
 * @param permissions what `infra/permissions.yml` says
 * @param options the stage's name, its mode, and each parameter that a list of grants is named after: `on` or `off`
 */
const expandPermissions = (permissions, { stage, mode, ...options }) => {
  const { everyFunction, everyFunctionWhere, everyFunctionWithOwnKey, functions } = permissions;
  const { grants, fleetGrants, fleetGrantsWhere } = permissions;
  const lists = [grants, fleetGrants, ...Object.values(fleetGrantsWhere)];
  const all = Object.assign({}, ...lists);
  const twice = Object.keys(all).find((name) => lists.filter((list) => Object.hasOwn(list, name)).length > 1);
  if (twice !== undefined) {
    throw refusal(`infra/permissions.yml: two lists of grants have "${twice}"; rename one of them`);
  }
  const granted = Object.entries(functions).map(([name, list]) => {
    const names = list.flat(Number.POSITIVE_INFINITY);
    for (const grant of names) known(all, grant, `functions.${name}`);
    return { name, role: `${pascal(name)}Role`, names };
  });
  const unused = Object.keys(all).find((grant) => granted.every(({ names }) => !names.includes(grant)));
  if (unused !== undefined) {
    throw refusal(
      `infra/permissions.yml: no function has the grant "${unused}"; list it for one, or delete it`,
    );
  }
  const write = writeStatements(permissions, stage);
  const own = Object.entries({ ...everyFunction, ...where(everyFunctionWhere, options) });
  const withOwnKey = Object.entries(everyFunctionWithOwnKey);
  const roles = granted.map(({ name, role }) => [
    role,
    {
      Type: 'AWS::IAM::Role',
      Properties: {
        ...ofEveryRole,
        AssumeRolePolicyDocument: assumedByLambda,
        Policies: {
          'Fn::If': ['HasOwnKey', [...own, ...withOwnKey], own].map((choice) =>
            Array.isArray(choice) ? choice.map((grant) => write(grant, name)) : choice,
          ),
        },
      },
    },
  ]);
  const fleet = mode === 'live' ? { ...fleetGrants, ...where(fleetGrantsWhere, options) } : {};
  const given = Object.entries({ ...grants, ...fleet }).map(([grant, statements]) => [
    `${pascal(grant)}Policy`,
    {
      Type: 'AWS::IAM::Policy',
      Properties: {
        ...write([grant, statements]),
        Roles: granted.filter(({ names }) => names.includes(grant)).map(({ role }) => ({ Ref: role })),
      },
    },
  ]);
  return Object.fromEntries([...roles, ...given]);
};

/** For `serverless.yml`: the resources of the stage that is packaged. */
module.exports = async ({ resolveVariable }) => ({
  Resources: expandPermissions(readPermissions(), {
    stage: await resolveVariable('sls:stage'),
    mode: await resolveVariable('param:mode'),
    launchTemplates: await resolveVariable('param:launchTemplates'),
    tracing: await resolveVariable('param:tracing'),
  }),
});
module.exports.expandPermissions = expandPermissions;
module.exports.readPermissions = readPermissions;
module.exports.remediations = remediations;
module.exports.pascal = pascal;
