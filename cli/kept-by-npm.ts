/**
 * What to say where npm kept an option for itself: it does that with what stands before `--`, and tells it to scripts as
 * a setting of its own, so that a dry run would not be one.
 *
 * @param names of the options, without their dashes
 * @returns nothing where npm kept none
 */
export const keptByNpm = (
  names: string[],
  argv: string[],
  environment: NodeJS.ProcessEnv,
): string | undefined => {
  const script = environment.npm_lifecycle_event;
  // npx hands everything on; what it tells is how npm itself is set.
  if (script === undefined || script === 'npx' || argv.includes('--help')) return undefined;
  const kept = names.find(
    (name) =>
      !['', 'false', undefined].includes(environment[`npm_config_${name.replaceAll('-', '_')}`]) &&
      !argv.some((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`)),
  );
  return kept === undefined
    ? undefined
    : `--${kept}: npm kept it for itself. Write -- before the options: npm run ${script} -- … --${kept}`;
};
