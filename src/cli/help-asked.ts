/** Help or the version was asked for: a command ends with it, before it does anything. */
export class HelpAsked extends Error {
  readonly text: string;

  constructor(text: string) {
    super('help was asked for');
    this.text = text;
  }
}
