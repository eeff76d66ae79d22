/** The host's interfaces, ports and name servers. */
export const hostNetwork = { isOwn: false } as const;
