export { boundingSet, type Capabilities } from './capabilities.ts';
export { type HostEntry, renderHosts, renderResolvConf } from './hosts-files.ts';
export { type Network, networkOf } from './network/index.ts';
export type { OciMount } from './oci-spec.ts';
export type { OutputSink } from './output.ts';
export { rlimitsOf, type RlimitHost } from './rlimits.ts';
export { type ContainerResult, runContainer, type RuntimeOptions } from './runc.ts';
export { makeSpec, type SpecHost } from './spec.ts';
export { resolveUser, type RunUser } from './user.ts';
