import type { BigIntStats } from 'node:fs';
import { posix } from 'node:path';
import { BuildError } from '../../errors.ts';
import { statIfThere } from '../../host/fs/index.ts';
import type { OciDevice, OciMount } from './oci-spec.ts';

/** A device of the host in a RUN. */
export interface RunDevice {
  /** Where it is on the host. */
  readonly source: string;
  readonly node: OciDevice;
  /** Of `r`, `w` and `m`. */
  readonly access: string;
}

export interface DeviceRequest {
  readonly name: string;
  readonly isRequired: boolean;
}

const MAX_DEVICES = 256;

/**
 * The devices that a RUN asks for; of those that it does not require, the ones that are here.
 * @throws BuildError device-unavailable
 */
export function findDevices(requests: readonly DeviceRequest[], warn: (message: string) => void): readonly RunDevice[] {
  if (requests.length > MAX_DEVICES)
    throw new BuildError('device-unavailable', `a RUN has more than ${MAX_DEVICES} devices`);
  const devices = new Map<string, RunDevice>();
  for (const request of requests) {
    const device = findDevice(request.name);
    if (typeof device !== 'string') devices.set(device.node.path, device);
    else if (request.isRequired) throw unavailable(request.name, device);
    else warn(`the device ${request.name} is left out: ${device}`);
  }
  return [...devices.values()];
}

function unavailable(name: string, why: string): BuildError {
  return new BuildError('device-unavailable', `the device ${name} cannot be given to a RUN: ${why}`, {
    hint: 'name a device of this machine by its path, e.g. --device=/dev/fuse',
  });
}

/** Or why there is none. */
function findDevice(name: string): RunDevice | string {
  if (!name.startsWith('/')) return 'names of the Container Device Interface are not read';
  const [source = '', target = source, access = 'rwm', ...rest] = name.split(':');
  if (rest.length > 0 || !/^[rwm]{1,3}$/.test(access)) return 'it is not of the form /dev/NAME[:/dev/NAME[:rwm]]';
  const path = posix.normalize(target);
  if (![source, path].every((one) => posix.normalize(one).startsWith('/dev/'))) return 'it is not below /dev';
  const stat = statIfThere(source);
  if (stat === undefined) return 'it is not there';
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return 'it is no device';
  return { source, node: nodeOf(path, stat), access };
}

/** In a user namespace no device can be made: the host's own is mounted, and open to whom it is open there. */
export function deviceMount({ source, node }: RunDevice): OciMount {
  return { destination: node.path, type: 'bind', source, options: ['bind', 'nosuid', 'noexec'] };
}

function nodeOf(path: string, stat: BigIntStats): OciDevice {
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    ...deviceNumbers(stat.rdev),
    fileMode: Number(stat.mode & 0o777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

/** As Linux encodes them. */
function deviceNumbers(rdev: bigint): { major: number; minor: number } {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return { major: Number(major), minor: Number(minor & 0xffffffffn) };
}
