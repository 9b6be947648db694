/** A template, as far as conditions are concerned. */
export interface Conditional {
  Conditions?: Record<string, unknown>;
  Resources: Record<string, { Type: string; Condition?: string; Properties?: object }>;
}

/**
 * A template as CloudFormation reads it once it knows its conditions: without the resources whose condition is false,
 * and with one side of each `Fn::If`. Rule packs look into neither.
 *
 * @param isTrue of each condition, by its name
 */
export const resolveConditions = <Template extends Conditional>(
  template: Template,
  isTrue: (condition: string) => boolean,
): Template => {
  const nothing = Symbol('AWS::NoValue');
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== nothing);
    if (typeof value !== 'object' || value === null) return value;
    const fields = value as Record<string, unknown>;
    if (fields.Ref === 'AWS::NoValue') return nothing;
    if ('Fn::If' in fields) {
      const [condition, yes, no] = fields['Fn::If'] as [string, unknown, unknown];
      return resolve(isTrue(condition) ? yes : no);
    }
    const resolved = Object.entries(fields).map(([key, inner]) => [key, resolve(inner)] as const);
    return Object.fromEntries(resolved.filter(([, inner]) => inner !== nothing));
  };
  const { Conditions: _conditions, ...rest } = template;
  const Resources = Object.fromEntries(
    Object.entries(template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || isTrue(Condition))
      .map(([id, { Condition: _condition, ...resource }]) => [id, resolve(resource)]),
  );
  return { ...rest, Resources } as unknown as Template;
};
