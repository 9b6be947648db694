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
  if (script === undefined) return undefined;
  const kept = names.find(
    (name) =>
      environment[`npm_config_${name.replaceAll('-', '_')}`] !== undefined &&
      !argv.some((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`)),
  );
  return kept === undefined
    ? undefined
    : `--${kept}: npm kept it for itself. Write -- before the options: npm run ${script} -- … --${kept}`;
};
