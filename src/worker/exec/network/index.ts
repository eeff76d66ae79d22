export { type Network, openNetworks, type Networks } from './networks.ts';
