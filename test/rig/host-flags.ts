import { output, REPOSITORY } from './cli.ts';

/** What scripts/start.sh passes so that RUNs reach the network as this machine does; files are made below `dir`. */
export async function hostFlags(dir: string): Promise<string[]> {
  const script = 'source scripts/host-flags.sh; host_flags "$1"; printf "%s\\n" "${HOST_FLAGS[@]}"';
  const text = await output(['bash', '-c', script, 'host-flags', dir], { cwd: REPOSITORY });
  return text.trimEnd().split('\n');
}
