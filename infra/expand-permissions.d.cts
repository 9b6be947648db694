/** One statement of a grant, as `permissions.yml` writes it. */
interface Grant {
  may?: string | string[];
  /** Instead of `may`: what nobody may, whatever else allows it. */
  never?: string | string[];
  on: string | string[];
  where?: string;
}
/** What `permissions.yml` says. */
interface Permissions {
  things: Record<string, string | object>;
  conditions: Record<string, object>;
  grants: Record<string, Grant | Grant[]>;
  fleetGrants: Record<string, Grant | Grant[]>;
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
    stage: string,
    mode: 'live' | 'dry-run',
  ): Record<string, Resource>;
};
export = resources;
