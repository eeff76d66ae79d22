/** The text of a comment `# NAME text` above a FROM … AS NAME or an ARG NAME. */
export function descriptionOf(comments: readonly string[], name: string): string | undefined {
  const start = `${name} `;
  return comments
    .find((comment) => comment.startsWith(start))
    ?.slice(start.length)
    .trim();
}
