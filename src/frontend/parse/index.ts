export { parseDockerfile } from './dockerfile.ts';
export { mountFields, type ParsedMount, parseMount } from './mount.ts';
export { parseInstruction } from './trigger.ts';
