import { checked, cString, libcFunction, type SysPath } from './libc.ts';

export const MS_RDONLY = 0x1;
export const MS_NOSUID = 0x2;
export const MS_NODEV = 0x4;
export const MS_NOEXEC = 0x8;
export const MS_REMOUNT = 0x20;
export const MS_BIND = 0x1000;
export const MNT_DETACH = 2;

const mountCall = libcFunction('int mount(void *source, void *target, void *fstype, unsigned long flags, void *data)');
const umountCall = libcFunction('int umount2(void *target, int flags)');

/**
 * mount(2), in its order of parameters.
 * @param data options of the file system, at most a page
 */
// eslint-disable-next-line max-params -- the system call's own shape, known from its manual page
export function mount(source: SysPath, target: SysPath, fstype: string, flags: number, data: SysPath = ''): void {
  const result = mountCall(
    cString(source),
    cString(target),
    cString(fstype),
    flags,
    data === '' ? null : cString(data),
  );
  checked(result, 'mount', target);
}

export function umount(target: SysPath, flags = 0): void {
  checked(umountCall(cString(target), flags), 'umount', target);
}
