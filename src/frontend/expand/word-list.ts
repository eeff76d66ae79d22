const SPACE = /\s/u;

/** Collects the words of an expansion: blanks from outside quotes part them, also blanks inside a variable's value. */
export class WordList {
  readonly #words: string[] = [];
  #word: string[] = [];
  #inWord = false;

  /** Text whose blanks part words. */
  addText(text: string): void {
    for (const char of text) {
      if (!SPACE.test(char)) this.addRaw(char);
      else if (this.#inWord) this.#end();
    }
  }

  /** Text that is part of the word, blanks and all. */
  addRaw(text: string): void {
    this.#word.push(text);
    this.#inWord = true;
  }

  all(): readonly string[] {
    if (this.#word.some((part) => part !== '')) this.#end();
    return this.#words;
  }

  #end(): void {
    this.#words.push(this.#word.join(''));
    this.#word = [];
    this.#inWord = false;
  }
}
