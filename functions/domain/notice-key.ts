import { createHash } from 'node:crypto';
import type { Notice } from './notice.ts';

/** The identity of a notice as a key: what it is about may be long, and a sort key has 1,024 bytes. */
export const noticeKey = ({ kind, identity }: Notice): string =>
  `${kind}#${createHash('sha256').update(identity).digest('hex')}`;
