/** What stands behind an instruction on its line belongs to it, a # too. */
export const COMMENT_HINT = 'a comment stands on a line of its own';
