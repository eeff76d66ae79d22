export interface CliContext {
  readonly env: { readonly [name: string]: string | undefined };
  readonly cwd: string;
  readonly signal: AbortSignal;
}

export function useColor({ env }: Pick<CliContext, 'env'>, isTTY: boolean): boolean {
  return isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
