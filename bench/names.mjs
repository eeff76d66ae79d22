/** A name of an image as stores list it. @param {string} name */
export function withTag(name) {
  return name.includes(':') ? name : `${name}:latest`;
}
