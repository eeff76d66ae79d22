import { Transform } from 'node:stream';
import { WireError, wireString } from './wire.ts';

/** What ssh-agent and ssh themselves take at most. */
export const MAX_FRAME_BYTES = 256 * 1024;

const LENGTH_BYTES = 4;

/** Puts messages together from pieces of any size. Holds one message at most, and only as much of it as is allowed. */
export class FrameReader {
  #part = Buffer.alloc(LENGTH_BYTES);
  #filled = 0;
  #isBody = false;

  /** The messages that end in this piece. @throws WireError for one that is empty or too long */
  *take(piece: Uint8Array): Generator<Buffer, void> {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(taken, this.#filled);
      at += taken.length;
      this.#filled += taken.length;
      if (this.#filled < this.#part.length) return;
      const whole = this.#part;
      const isBody = this.#isBody;
      this.#part = Buffer.alloc(isBody ? LENGTH_BYTES : lengthIn(whole));
      this.#filled = 0;
      this.#isBody = !isBody;
      if (isBody) yield whole;
    }
  }
}

function lengthIn(bytes: Buffer): number {
  const length = bytes.readUInt32BE();
  if (length === 0 || length > MAX_FRAME_BYTES) throw new WireError(`a message of ${length} bytes`);
  return length;
}

/** A message as it goes over a socket. */
export const frame: (message: Uint8Array) => Buffer = wireString;

/** The answer to one request; a rejection ends the conversation. */
export type Answer = (request: Buffer) => Promise<Uint8Array>;

/** From requests to their answers, one after another and in order; what is no request ends it with an error. */
export function answering(answer: Answer): Transform {
  const reader = new FrameReader();
  const answerAll = async (to: Transform, piece: Uint8Array): Promise<void> => {
    for (const request of reader.take(piece)) to.push(frame(await answer(request)));
  };
  return new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      answerAll(this, piece).then(() => done(), done);
    },
  });
}
