import type { OciDevice } from './oci-spec.ts';

/** Character devices, with their numbers as the kernel's list has them. */
const CHARACTER: readonly (readonly [path: string, major: number, minor: number])[] = [
  ['/dev/kmsg', 1, 11],
  ['/dev/cuse', 10, 203],
  ['/dev/fuse', 10, 229],
  ['/dev/kvm', 10, 232],
  ['/dev/net/tun', 10, 200],
  ['/dev/loop-control', 10, 237],
];

const LOOP_MAJOR = 7;
/** Loop devices that a RUN finds beside the next free one. */
const SPARE_LOOPS = 7;

/** What a RUN without a sandbox finds in /dev, whether the machine has it or not. */
export function machineDevices(freeLoop: number): readonly OciDevice[] {
  const open = { fileMode: 0o666, uid: 0, gid: 0 } as const;
  const loops = Array.from({ length: freeLoop + SPARE_LOOPS + 1 }, (_, minor) => minor);
  return [
    ...CHARACTER.map(([path, major, minor]) => ({ path, type: 'c' as const, major, minor, ...open })),
    ...loops.map((minor) => ({ path: `/dev/loop${minor}`, type: 'b' as const, major: LOOP_MAJOR, minor, ...open })),
  ];
}
