import { splitSpaces } from './space.ts';

/** Splits at blanks, except those that were quoted or escaped. Blanks around words leave no empty words. */
export class WordList {
  readonly #words: string[] = [];
  #word = '';

  /** Text in which blanks separate words. */
  add(text: string): void {
    for (const [index, part] of splitSpaces(text).entries()) {
      if (index > 0) this.#end();
      this.#word += part;
    }
  }

  /** Text in which blanks are like any other character. */
  addRaw(text: string): void {
    this.#word += text;
  }

  finish(): readonly string[] {
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }
}
