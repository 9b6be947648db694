/** What osls hands to the function, as far as it is used. */
interface Serverless {
  service: { custom: { checked: { policy: string; mode: string; launchTemplates: string } } };
}
interface Build {
  onLoad(filter: { filter: RegExp }, loader: () => { contents: string; loader: 'js' }): void;
}
declare const bundlePolicy: (serverless: Serverless) => { name: string; setup(build: Build): void }[];
export const tellPolicy: (
  checked: { policy: string; mode: string },
  policy: { rules: { name: string; do: string }[] },
) => string;
export default bundlePolicy;
