/** The shipped stories, without loading one. */
export const storyNames = [
  'packet-loss',
  'package-repository',
  'reboot-loop',
  'restart-everything',
  'switch-upgrade',
  'us-east-1',
] as const;
