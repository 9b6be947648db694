declare module 'asl-validator' {
  /** The part of asl-validator that the tests use; the package ships no types. */
  export default function aslValidator(definition: unknown): {
    isValid: boolean;
    errorsText(separator: string): string;
  };
}
