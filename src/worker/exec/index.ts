export { boundingSet, type Capabilities } from './capabilities.ts';
export { type HostEntry, renderHosts, renderResolvConf } from './hosts-files.ts';
export { type Network, type Networks, openNetworks, slirpObstacle } from './network/index.ts';
export type { OciMount } from './oci-spec.ts';
export type { OutputSink } from './output.ts';
export { type RlimitHost, rlimitsOf } from './rlimits.ts';
export { type ContainerResult, type RuntimeOptions, runContainer } from './runc.ts';
export { makeSpec, type SpecHost } from './spec.ts';
export { type RunUser, resolveUser } from './user.ts';
