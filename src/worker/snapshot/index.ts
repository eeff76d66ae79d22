export { seedDirectory } from './seed.ts';
export { openSnapshots, type Snapshot, type Snapshots, type SnapshotsOptions, type View } from './snapshots.ts';
export type { MountPoint } from './stubs.ts';
