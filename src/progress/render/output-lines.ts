import { StringDecoder } from 'node:string_decoder';
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

/** Of a line that was written over, what stands there last: how programs draw progress. */
function lineText(line: string): string {
  const text = line.replace(/\r+$/, '');
  return plainText(text.slice(text.lastIndexOf('\r') + 1));
}
