/** `none`: there is no private key in it; `public`: it is the other half. */
export type KeyProblem = 'none' | 'public' | 'encrypted' | 'unsupported' | 'broken';

/** Why a file's key cannot be used. Tells nothing of what is in the file. */
export class KeyFileError extends Error {
  readonly problem: KeyProblem;

  constructor(problem: KeyProblem) {
    super(`not a private key that can be used: ${problem}`);
    this.problem = problem;
  }
}
