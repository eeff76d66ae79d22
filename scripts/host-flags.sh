# Sourced: what RUNs need to reach the network as this machine does, as flags of tsbuild in the array HOST_FLAGS. The private
# CA and npm's settings go in as mounts, proxies as predefined build arguments: none of them enters a key or a layer.
HOST_FLAGS=()

# host_flags DIR: files that are made go below DIR, which the caller removes.
host_flags() {
  local ca name
  ca=${NODE_EXTRA_CA_CERTS:-$(npm config get cafile 2> /dev/null || true)}
  if [ -f "$ca" ]; then HOST_FLAGS+=(--ca "$ca"); fi
  (umask 077 && npm_settings > "$1/npmrc")
  HOST_FLAGS+=(--secret "id=npmrc,src=$1/npmrc")
  for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    [ -n "${!name:-}" ] && HOST_FLAGS+=(--build-arg "$name")
  done
  return 0
}

# The registries and their tokens; nothing that names a path of this machine.
npm_settings() {
  local user
  user=$(npm config get userconfig 2> /dev/null || true)
  if [ -f "$user" ]; then grep -E '^[[:space:]]*(//|@[^/:]+:registry|strict-ssl)' "$user" || true; fi
  echo "registry=$(npm config get registry 2> /dev/null)"
}
