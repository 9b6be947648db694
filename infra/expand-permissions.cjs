const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');
const refusal = require('./refusal.cjs');

/** As `functions/domain/remediation-names.ts` has them; a test holds the two together. */
const remediations = ['pause-scaling', 'protect-instances', 'drain-pending-wait', 'resize-in-place'];

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

/**
 * The roles and policies of a stage, as CloudFormation resources: a role for each function, and a policy for each
 * grant, which names the roles that have it. A stage that is a dry run has no policy that changes the fleet.
 *
 * @param permissions what `infra/permissions.yml` says
 * @param stage name of the stage
 * @param mode `live` or `dry-run`
 */
const expandPermissions = ({ things, conditions, grants, fleetGrants, functions }, stage, mode) => {
  const all = { ...grants, ...fleetGrants };
  const twice = Object.keys(grants).find((grant) => Object.hasOwn(fleetGrants, grant));
  if (twice !== undefined) {
    throw refusal(`infra/permissions.yml: grants and fleetGrants both have "${twice}"; rename one of them`);
  }
  const granted = Object.entries(functions).map(([name, list]) => {
    const names = ['write-logs', ...list.flat(Number.POSITIVE_INFINITY)];
    for (const grant of names) known(all, grant, `functions.${name}`);
    return { role: `${pascal(name)}Role`, names };
  });
  /** The things of a name: one, or one for each function or remediation. */
  const resources = (name, where) => {
    if (name === '*') return ['*'];
    const thing = known(things, name, where);
    if (typeof thing !== 'string') return [thing];
    const each = thing.includes('FUNCTION') ? Object.keys(functions) : remediations;
    const named = /FUNCTION|REMEDIATION/.test(thing)
      ? each.map((one) => thing.replace(/FUNCTION|REMEDIATION/, one))
      : [thing];
    return named.map((text) => ({ 'Fn::Sub': text.replaceAll('STAGE', stage) }));
  };
  const statement = (grant, said) => {
    const { may, never, on, where: condition } = said;
    for (const key of Object.keys(said)) known({ may, never, on, where: condition }, key, `grant ${grant}`);
    return {
      Effect: never === undefined ? 'Allow' : 'Deny',
      Action: oneOrAll(someOf(never ?? may, `grant ${grant}, ${never === undefined ? 'may' : 'never'}`)),
      Resource: oneOrAll(
        someOf(on, `grant ${grant}, on`).flatMap((name) => resources(name, `grant ${grant}, on`)),
      ),
      ...(condition === undefined
        ? {}
        : { Condition: known(conditions, condition, `grant ${grant}, where`) }),
    };
  };
  const policy = ([grant, statements]) => [
    `${pascal(grant)}Policy`,
    {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: grant,
        Roles: granted.filter(({ names }) => names.includes(grant)).map(({ role }) => ({ Ref: role })),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [statements].flat().map((each) => statement(grant, each)),
        },
      },
    },
  ];
  const assumedByLambda = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  };
  const expanded = Object.fromEntries([
    ...granted.map(({ role }) => [
      role,
      { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: assumedByLambda } },
    ]),
    ...Object.entries(mode === 'live' ? all : grants).map(policy),
  ]);
  const unused = Object.keys(all).find((grant) => granted.every(({ names }) => !names.includes(grant)));
  if (unused !== undefined) {
    throw refusal(
      `infra/permissions.yml: no function has the grant "${unused}"; list it for one, or delete it`,
    );
  }
  return expanded;
};

/** For `serverless.yml`: the resources of the stage that is packaged. */
module.exports = async ({ resolveVariable }) => ({
  Resources: expandPermissions(
    readPermissions(),
    await resolveVariable('sls:stage'),
    await resolveVariable('param:mode'),
  ),
});
module.exports.expandPermissions = expandPermissions;
module.exports.readPermissions = readPermissions;
module.exports.remediations = remediations;
