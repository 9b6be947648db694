declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** The part of dynalite that the tests use; the package ships no types. */
  export default function dynalite(options: { createTableMs?: number }): Server;
}
