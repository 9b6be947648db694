import { readFileSync } from 'node:fs';
import { InvalidPolicyError } from './domain/errors.ts';
import { type Policy, parsePolicy } from './events/policy.ts';
import { parseYamlFile, type YamlFile } from './yaml-file.ts';

const ownPolicy = new URL('../infra/policy.yml', import.meta.url);

/**
 * Reads and checks a policy file.
 *
 * In a deployed function this module does not exist: the packager puts the parsed `infra/policy.yml` in its place
 * (`infra/bundle-policy.mjs`), so that a bad policy fails at packaging and no function carries a YAML parser.
 *
 * @param file path of a YAML file; without it the one of this repository
 * @throws InvalidPolicyError when it is not YAML or not a policy
 */
export const loadPolicy = (file: string | URL = ownPolicy): Policy =>
  parsePolicyText(readPolicyText(file), file instanceof URL ? 'infra/policy.yml' : file);

/**
 * A policy file as it is written. The packager puts it in the place of this function too.
 *
 * @param file path of a YAML file; without it the one of this repository
 */
export const readPolicyText = (file: string | URL = ownPolicy): string => readFileSync(file, 'utf8');

/**
 * Checks a policy as it is written.
 *
 * @param source what it is called in messages
 * @throws InvalidPolicyError when it is not YAML or not a policy
 */
export const parsePolicyText = (text: string, source: string): Policy => {
  const { value, ...written } = parseYaml(text, source);
  return parsePolicy(value, source, written);
};

const parseYaml = (text: string, source: string): YamlFile => {
  try {
    return parseYamlFile(text, source);
  } catch (cause) {
    throw new InvalidPolicyError(`${source} is not YAML: ${(cause as Error).message}`, { cause });
  }
};
