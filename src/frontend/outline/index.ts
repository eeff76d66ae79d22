export { type MountSummary, type Outline, outlineDockerfile } from './outline.ts';
export { listTargets, type TargetSummary } from './targets.ts';
