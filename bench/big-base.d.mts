export function writeBigLayer(
  path: string,
  wanted: { readonly files: number; readonly bytes: number },
): Promise<{ readonly digest: string; readonly size: number; readonly diffID: string }>;
