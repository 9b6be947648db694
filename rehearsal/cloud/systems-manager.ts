import { CloudError } from './cloud-error.ts';

/** AWS Systems Manager Parameter Store, simulated as far as one String parameter goes. */
export const createSystemsManagerService = (parameters: Map<string, string>) => ({
  handle: (operation: string, input: Record<string, unknown>): object => {
    if (operation !== 'GetParameter') throw new Error(`The simulated SSM does not know ${operation} yet`);
    const value = parameters.get(String(input.Name));
    if (value === undefined) throw new CloudError('ParameterNotFound', `Parameter ${input.Name} not found.`);
    return { Parameter: { Name: String(input.Name), Type: 'String', Value: value } };
  },
});
