import { BuildError, type ErrorCode, type SourceRange } from '../../errors.ts';
import type { Flag, Heredoc } from '../ast.ts';
import { COMMENT_HINT } from '../comment-hint.ts';
import type { Escape } from './lines.ts';
import type { Piece } from './piece.ts';

/** What all instructions have. */
export interface Common {
  readonly keyword: string;
  readonly keywordText: string;
  readonly range: SourceRange;
  readonly text: string;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly string[];
}

/** A heredoc's body as it stands, tabs and all. */
export interface RawBody {
  readonly text: string;
  /** Its bytes, where they are no UTF-8. */
  readonly latin1: string | undefined;
}

/** An instruction with its words still to be read. */
export interface Statement {
  readonly common: Common;
  /** Found when somebody is to be pointed at it. */
  readonly keywordRange: () => SourceRange;
  readonly escapeToken: Escape;
  /** The logical line, untrimmed. */
  readonly line: string;
  /** Behind keyword and flags, trimmed. */
  readonly rest: Piece;
  /** The bodies of `common.heredocs`. */
  readonly bodies: readonly RawBody[];
  readonly rangeOf: (piece: Piece) => SourceRange;
}

export interface Refusal {
  readonly hint: string;
  /** What is wrong; the keyword when nothing is there. */
  readonly at?: Piece | undefined;
  readonly code?: ErrorCode;
}

/** The words themselves cannot be read: BuildKit stops here before it looks at any instruction. */
export class TextError extends BuildError {}

export function refuse(statement: Statement, message: string, refusal: Refusal): BuildError {
  return new BuildError(refusal.code ?? 'instruction-invalid', message, detailsOf(statement, refusal));
}

export function refuseText(statement: Statement, message: string, refusal: Refusal): TextError {
  return new TextError(refusal.code ?? 'instruction-invalid', message, detailsOf(statement, refusal));
}

function detailsOf({ keywordRange, rangeOf }: Statement, { hint, at }: Refusal): { hint: string; range: SourceRange } {
  const isSomewhere = at !== undefined && at.end > at.start;
  return {
    hint: at?.text.startsWith('#') === true ? COMMENT_HINT : hint,
    range: isSomewhere ? rangeOf(at) : keywordRange(),
  };
}
