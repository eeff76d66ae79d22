export { type Network, type Networks, openNetworks } from './networks.ts';
export { slirpObstacle } from './slirp.ts';
