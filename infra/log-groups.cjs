const { pascal } = require('./expand-permissions.cjs');

/** For `serverless.yml`: the log group that osls makes for each function is encrypted with the key of one's own, if there is one. */
module.exports = async ({ resolveConfigurationProperty }) => {
  const functions = Object.keys(await resolveConfigurationProperty(['functions']));
  const Properties = {
    KmsKeyId: { 'Fn::If': ['HasOwnKey', { Ref: 'KmsKeyArn' }, { Ref: 'AWS::NoValue' }] },
  };
  return {
    extensions: Object.fromEntries(functions.map((name) => [`${pascal(name)}LogGroup`, { Properties }])),
  };
};
