import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { plainText } from './words.ts';

/** A line that never ends is shown in pieces of about so many characters. */
const MAX_LINE = 16 * 1024;

/** The output of a step as lines: bytes of a character, and of a line, that come apart are put together, by stream. */
export class OutputLines {
  readonly #streams = new Map<string, { readonly decoder: StringDecoder; rest: string }>();

  /** The lines that these bytes complete. */
  add(stream: string, data: Uint8Array): string[] {
    const of = this.#streams.get(stream) ?? { decoder: new StringDecoder('utf8'), rest: '' };
    this.#streams.set(stream, of);
    const lines = (of.rest + of.decoder.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength))).split('\n');
    of.rest = lines.pop() ?? '';
    if (of.rest.length > MAX_LINE) {
      lines.push(of.rest);
      of.rest = '';
    }
    return lines.map(lineText);
  }

  /** What has come of lines that have not ended. */
  unfinished(): string[] {
    return [...this.#streams.values()].map(({ rest }) => lineText(rest)).filter((line) => line !== '');
  }

  /** The same, and nothing more will come. */
  end(): string[] {
    const lines = this.unfinished();
    this.#streams.clear();
    return lines;
  }
}

/**
 * What stands there last of a line that was written over, which is how programs draw progress; without colours and other
 * sequences of terminals. Tabs stay.
 */
function lineText(line: string): string {
  const text = line.replace(TO_START, '\r').replace(/\r+$/, '');
  const last = stripVTControlCharacters(text.slice(text.lastIndexOf('\r') + 1)).replace(CUT_SEQUENCE, '');
  return withoutTakenBack(last).split('\t').map(plainText).join('\t');
}

/** The cursor to the first column. */
const TO_START = /\u001b\[[01]?G/g;
/** A sequence whose rest has not come. */
const CUT_SEQUENCE = /\u001b\[?[0-9;?]*$/;

/** A backspace is followed by what takes the place of the character before it. */
function withoutTakenBack(text: string): string {
  if (!text.includes('\b')) return text;
  const kept: string[] = [];
  for (const one of text) {
    if (one === '\b') kept.pop();
    else kept.push(one);
  }
  return kept.join('');
}
