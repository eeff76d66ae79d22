import type { Socket } from 'node:net';
import { type Answer, FrameReader, frame } from './frames.ts';
import type { SigningKey } from './signing-key.ts';
import { WireError, WireReader, wireString, wireUint32 } from './wire.ts';

// draft-ietf-sshm-ssh-agent
const FAILURE = 5;
const LIST = 11;
const LISTED = 12;
const SIGN = 13;
const SIGNED = 14;

const REFUSAL = Buffer.of(FAILURE);

/** Of these keys' agent: it lists them and signs with them. Whatever else is asked, keys to add or remove too, fails. */
export function keyringAnswer(keys: readonly SigningKey[]): Answer {
  return async (request) => {
    try {
      if (request[0] === LIST && request.length === 1) return listed(keys);
      return request[0] === SIGN ? await signed(request, keys) : REFUSAL;
    } catch (error) {
      if (error instanceof WireError) return REFUSAL;
      throw error;
    }
  };
}

function listed(keys: readonly SigningKey[]): Buffer {
  return Buffer.concat([
    Buffer.of(LISTED),
    wireUint32(keys.length),
    ...keys.flatMap(({ publicKey }) => [wireString(publicKey), wireString('')]),
  ]);
}

async function signed(request: Buffer, keys: readonly SigningKey[]): Promise<Buffer> {
  const reader = new WireReader(request.subarray(1));
  const publicKey = reader.string();
  const data = reader.string();
  const flags = reader.uint32();
  if (reader.rest().length > 0) throw new WireError('more than a request');
  const key = keys.find((one) => publicKey.equals(one.publicKey));
  const signature = await key?.sign(data, flags);
  return signature === undefined ? REFUSAL : Buffer.concat([Buffer.of(SIGNED), wireString(signature)]);
}

/** Of an agent behind a socket: it is asked to list its keys and to sign, and nothing that changes it or that is an extension. */
export function readOnlyAnswer(agent: Socket): Answer {
  const replies = repliesOf(agent);
  return async (request) => {
    if (request[0] !== LIST && request[0] !== SIGN) return REFUSAL;
    agent.write(frame(request));
    const reply = await replies.next();
    if (reply.done === true) throw new WireError('the agent has ended');
    return reply.value;
  };
}

async function* repliesOf(agent: Socket): AsyncGenerator<Buffer, void> {
  const reader = new FrameReader();
  for await (const piece of agent) yield* reader.take(piece as Buffer);
}
