export { openSnapshots, type SnapshotsOptions } from './choose.ts';
export { seedTree } from './seed.ts';
export type { Keeping, Snapshot, Snapshots, View } from './snapshots.ts';
export type { MountPoint } from './stubs.ts';
export type { LayerWatch } from './write-layer.ts';
