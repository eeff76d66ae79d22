/** Flags as commander writes them, and their line of help. */
export const SINGLE: readonly (readonly [string, string])[] = [
  ['-f, --file <file>', 'Dockerfile (default: CONTEXT/Dockerfile; - for stdin)'],
  ['--target <stage>', 'build this stage instead of the last'],
  ['--platform <platform>', 'platform of the image, e.g. linux/arm64'],
  ['--no-cache', 'run every step; results are still recorded'],
  ['--pull <mode>', 'always, or never, ask the registry for base images (--pull alone is --pull=always)'],
  ['--network <mode>', 'network of RUNs: default, none or host'],
  ['--shm-size <size>', 'size of /dev/shm in RUNs'],
  ['--progress <mode>', 'auto, tty, plain, rawjson or quiet'],
  ['-q, --quiet', "print only the image's id, on stdout"],
  ['--iidfile <file>', "write the image's id to a file"],
  ['--metadata-file <file>', 'write digests and names as JSON'],
  ['--call <method>', 'check, outline or targets instead of a build; check,format=json prints JSON'],
  ['--check', '--call=check: warnings about the Dockerfile; exit status 1 when there are any'],
  ['--check-rules <rules>', "rules to check beside BuildKit's: tsbuild, all, or names"],
  ['--root <dir>', 'state directory (cache, layers, image index)'],
  ['--jobs <n>', 'how many RUNs may run at a time'],
  ['--ca <file>', 'PEM bundle that RUNs and pulls trust; never part of the image'],
  ['--oci-runtime <path>', 'runtime to use instead of runc'],
  ['--lower <maker>', 'how layers become file systems: auto, erofs, directory or copy'],
];

/** Those that may be given more than once. */
export const REPEATED: readonly (readonly [string, string])[] = [
  ['-t, --tag <name>', 'name of the image; also names the default output file'],
  ['--build-arg <k=v>', 'value of an ARG; K alone takes it from the environment'],
  ['--label <k=v>', 'label of the image; wins over the Dockerfile'],
  ['--build-context <name=value>', 'a named context: a path, docker-image://REF or oci-layout://DIR'],
  ['--secret <spec>', 'id=ID[,src=FILE|,env=NAME]: for RUN --mount=type=secret'],
  ['--ssh <spec>', 'default, or ID=SOCKET: an agent for RUN --mount=type=ssh'],
  ['--no-cache-filter <stages>', 'run every step of these stages'],
  ['--add-host <host:ip>', 'a line of /etc/hosts in RUNs'],
  ['--ulimit <spec>', 'NAME=SOFT[:HARD] for RUNs'],
  ['--allow <entitlement>', 'network.host or security.insecure'],
  ['-o, --output <spec>', 'type=oci|docker|tar|local,dest=PATH'],
  ['--report <file>', 'write a report; FILE.json'],
  ['--registry-mirror <registry=url>', 'ask this mirror first, e.g. docker.io=http://127.0.0.1:5000'],
];
