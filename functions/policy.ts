import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type Policy, parsePolicy } from './events/policy.ts';

/**
 * Reads and checks a policy file.
 *
 * In a deployed function this module does not exist: the packager puts the parsed `infra/policy.yml` in its place
 * (`infra/bundle-policy.mjs`), so that a bad policy fails at packaging and no function carries a YAML parser.
 *
 * @param file path or URL of a YAML file
 * @throws InvalidPolicyError
 */
export const loadPolicy = (file: string | URL = new URL('../infra/policy.yml', import.meta.url)): Policy =>
  parsePolicy(parse(readFileSync(file, 'utf8')), String(file).split('/').slice(-2).join('/'));
