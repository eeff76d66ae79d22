export { parseDockerfile } from './dockerfile.ts';
export { type ParsedMount, parseMount } from './mount.ts';
export { parseInstruction } from './trigger.ts';
