import type { SeccompProfile } from '../oci-spec.ts';
import { ALLOWED } from './allowed.ts';
import { BY_ARGUMENT, capabilityRules } from './conditional.ts';

const EPERM = 1;

/**
 * With the architectures whose programs run on it as well. Each costs a RUN 7 ms, in which libseccomp builds its filter; nobody has programs of
 * the x32 ABI.
 */
const ARCHITECTURES: { readonly [arch: string]: readonly string[] } = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  ppc64: ['SCMP_ARCH_PPC64LE'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
};

/**
 * Default-deny, after the profile that container engines agree on.
 * @param arch as process.arch; of one that is not in the table, the filter is for native programs only
 */
export function seccompProfile(capabilities: readonly string[], arch: string): SeccompProfile {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: ARCHITECTURES[arch] ?? [],
    syscalls: [{ names: ALLOWED, action: 'SCMP_ACT_ALLOW' }, ...BY_ARGUMENT, ...capabilityRules(capabilities, arch)],
  };
}
