/** Why a word cannot be expanded; the word itself is told by whoever was asked to expand it. */
export class Failure extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
