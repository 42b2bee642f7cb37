export { writeAtomically } from './atomic.ts';
export { cacheFolder } from './cache.ts';
export { canonicalJson, hashOf, type Json, sha256 } from './canonical.ts';
export { codeOf, messageOf, UserError } from './errors.ts';
export { ProtobufWriter } from './protobuf.ts';
export { type Stream, stream } from './stream.ts';
