export { type Cgroup, type CgroupMemory, cgroupMemory, removeCgroups } from './cgroups.ts';
export { fileLocks } from './file-locks.ts';
export { makedev, mknod, setMtime } from './files.ts';
export { flock } from './flock.ts';
export type { SysPath } from './libc.ts';
export { attachLoop, type LoopDevice } from './loop.ts';
export * from './mount.ts';
export { SysError } from './sys-error.ts';
export { lgetxattr, llistxattr, lsetxattr } from './xattr.ts';
