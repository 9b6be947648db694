/** What osls hands to a function that resolves a variable, as far as it is used. */
interface Resolving {
  options: { param?: string[]; region?: string };
  resolveConfigurationProperty(path: string[]): Promise<object>;
  resolveVariable(name: string): Promise<string>;
}
declare const checkParameters: (resolving: Resolving) => Promise<Record<string, unknown>>;
export = checkParameters;
