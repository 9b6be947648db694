/** One statement of a grant, as `permissions.yml` writes it. */
interface Grant {
  may?: string | string[];
  /** Instead of `may`: what nobody may, whatever else allows it. */
  never?: string | string[];
  on: string | string[];
  where?: string;
}
type Grants = Record<string, Grant | Grant[]>;
/** What `permissions.yml` says. */
interface Permissions {
  things: Record<string, string | object>;
  conditions: Record<string, object>;
  /** What all have. */
  everyFunction: Grants;
  /** By parameter of the stage. */
  everyFunctionWhere: Record<string, Grants>;
  everyFunctionWithOwnKey: Grants;
  grants: Grants;
  /** What only a live stage has. */
  fleetGrants: Grants;
  /** By parameter of the stage. */
  fleetGrantsWhere: Record<string, Grants>;
  /** By function, the names of its grants, in lists of lists. */
  functions: Record<string, unknown[]>;
}
/** A resource of the template. */
interface Resource {
  Type: 'AWS::IAM::Role' | 'AWS::IAM::Policy';
  Properties: Record<string, unknown>;
}
/** What osls hands to a function that resolves a variable, as far as it is used. */
interface Resolving {
  resolveVariable(name: string): Promise<string>;
}
declare const resources: {
  (resolving: Resolving): Promise<{ Resources: Record<string, Resource> }>;
  readPermissions(): Permissions;
  remediations: string[];
  expandPermissions(
    permissions: Permissions,
    options: {
      stage: string;
      mode: 'live' | 'dry-run';
      launchTemplates?: 'on' | 'off';
      tracing?: 'on' | 'off';
    },
  ): Record<string, Resource>;
};
export = resources;
