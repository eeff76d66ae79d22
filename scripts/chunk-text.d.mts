/** A chunk as the text of a function in CommonJS. */
export function asFunction(text: string): Promise<string>;
