import { CloudError } from './cloud-error.ts';

/** String parameters, and when each was last written. */
export class Parameters extends Map<string, string> {
  readonly changedAt = new Map<string, Date>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override set(name: string, value: string): this {
    this.changedAt.set(name, new Date(this.#now()));
    return super.set(name, value);
  }
}

/** AWS Systems Manager Parameter Store, simulated as far as one String parameter goes. */
export const createSystemsManagerService = (parameters: Parameters) => ({
  handle: (operation: string, input: Record<string, unknown>): object => {
    if (operation !== 'GetParameter') throw new Error(`The simulated SSM does not know ${operation} yet`);
    const Name = String(input.Name);
    const Value = parameters.get(Name);
    if (Value === undefined) throw new CloudError('ParameterNotFound', `Parameter ${input.Name} not found.`);
    return { Parameter: { Name, Type: 'String', Value, LastModifiedDate: parameters.changedAt.get(Name) } };
  },
});
