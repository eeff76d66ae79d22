/** As Go's strconv.ParseBool reads it; undefined for what is neither. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
  if (/^(0|f|F|false|False|FALSE)$/.test(text)) return false;
  return undefined;
}
