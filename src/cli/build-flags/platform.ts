import { BuildError } from '../../errors.ts';
import { formatPlatform, hostPlatform, type Platform, parsePlatform } from '../../image/oci/index.ts';

export const HOST = hostPlatform(process.arch);

/**
 * The one platform that all words name, or the default where there are none; `local` is the host itself.
 * @throws BuildError platform-invalid, also for an empty word; not-supported-yet for several
 */
export function platformOf(words: readonly string[] | undefined, byDefault = ''): Platform | undefined {
  const given = words ?? (byDefault === '' ? [] : [byDefault]);
  const named = given.flatMap((word) => word.split(','));
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
