import { BuildError } from '../../errors.ts';

/** A parsed --chmod. */
export interface ModeChange {
  /** The mode of parent directories that a copy creates. */
  readonly parentMode: number;
  apply(mode: number, isDirectory: boolean): number;
}

/**
 * Octal 0 to 07777, or chmod(1)'s symbolic list with umask 0.
 * @throws BuildError flag-invalid
 */
export function parseChmod(text: string): ModeChange {
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode > 0o7777) throw invalid(text);
    return { parentMode: mode & 0o777, apply: () => mode };
  }
  const steps = text.split(',').map((clause) => parseClause(clause, text));
  return {
    parentMode: 0o755,
    apply: (mode, isDirectory) => steps.flat().reduce((now, step) => step(now, { original: mode, isDirectory }), mode),
  };
}

type Step = (mode: number, file: { readonly original: number; readonly isDirectory: boolean }) => number;

const WHO: { readonly [who: string]: number } = { u: 0o4700, g: 0o2070, o: 0o007, a: 0o6777 };
const STICKY = 0o1000;
const SET_ID = 0o6000;
const PERMISSIONS = 0o777;
const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/;

function parseClause(clause: string, text: string): Step[] {
  const [, who, actions] = CLAUSE.exec(clause) ?? [];
  if (who === undefined || actions === undefined) throw invalid(text);
  const mask = who === '' ? 0o6777 : maskOf(who);
  return [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)].flatMap(([, operator = '', letters = '']) => {
    const runs = letters.match(/[ugo]|[rwxXst]+/g) ?? [''];
    return runs.map((run) => makeStep(operator, run, who === '' && run.includes('t') ? STICKY : mask));
  });
}

/** Classes give their permissions only: `=` of one leaves set-id bits alone. X is never taken away, and `t` for nobody in particular is all that is set. */
function makeStep(operator: string, run: string, mask: number): Step {
  const isCopied = /^[ugo]$/.test(run);
  const replaced = isCopied ? mask & PERMISSIONS : mask;
  return (mode, file) => {
    const letters = operator === '-' ? run.replaceAll('X', '') : run;
    const bits = isCopied ? copiedBits(mode, run, mask) : permissionBits(letters, mask, file);
    if (operator === '-') return mode & ~bits;
    return operator === '+' ? mode | bits : (mode & ~replaced) | bits;
  };
}

function maskOf(who: string): number {
  let mask = 0;
  for (const letter of who) mask |= WHO[letter] ?? 0;
  return mask;
}

function permissionBits(letters: string, mask: number, { original, isDirectory }: Parameters<Step>[1]): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter === 'r') bits |= 0o444;
    else if (letter === 'w') bits |= 0o222;
    else if (letter === 'x') bits |= 0o111;
    else if (letter === 'X') bits |= isDirectory || (original & 0o111) !== 0 ? 0o111 : 0;
    else if (letter === 's') bits |= mask === WHO['o'] ? 0 : SET_ID;
    else bits |= mask === WHO['o'] ? 0 : STICKY;
  }
  return bits & (mask | STICKY);
}

/** `g=u`: the permissions of one class for others. */
function copiedBits(mode: number, from: string, mask: number): number {
  const shift = from === 'u' ? 6 : from === 'g' ? 3 : 0;
  const bits = (mode >> shift) & 0o7;
  return ((bits << 6) | (bits << 3) | bits) & mask;
}

function invalid(text: string): BuildError {
  return new BuildError(
    'flag-invalid',
    `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    {
      hint: 'write it as 0755, or as a list like u=rwX,go=rX',
    },
  );
}
