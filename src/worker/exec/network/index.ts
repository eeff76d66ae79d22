export { type Network, type Networks, openNetworks } from './networks.ts';
export { networkWays } from './ways.ts';
