import { BuildError } from '../../errors.ts';
import { formatPlatform, hostPlatform, type Platform, parsePlatform } from '../../image/oci/index.ts';

export const HOST = hostPlatform(process.arch);

/** The one platform that all words name; `local` is the host itself. @throws BuildError not-supported-yet for several */
export function platformOf(words: readonly string[]): Platform | undefined {
  const named = words.flatMap((word) => word.split(',')).filter((word) => word.trim() !== '');
  const platforms = new Map(named.map(onePlatform).map((platform) => [formatPlatform(platform), platform]));
  if (platforms.size > 1)
    throw new BuildError('not-supported-yet', 'several platforms in one build are not built yet', {
      hint: 'build them one after another, each with its own --platform and name',
    });
  return [...platforms.values()][0];
}

function onePlatform(word: string): Platform {
  const text = word.trim();
  return text.toLowerCase() === 'local' ? HOST : parsePlatform(text, HOST);
}
