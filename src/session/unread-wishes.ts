import type { BuildOptions } from '../build-options.ts';
import { parseGoBool } from '../util/go-bool.ts';

/** BuildKit's own frontend for Dockerfiles, whatever its registry, tag and digest: what it reads is read here, too. */
const OWN_FRONTEND = /^dockerfile\.v0$|(?:^|\/)dockerfile(?:-upstream)?(?:[:@]|$)/;

/** Build args that ask BuildKit for another image, and what there is instead. */
const UNREAD_ARGS = {
  BUILDKIT_INLINE_CACHE: 'images hold no cache',
  BUILDKIT_MULTI_PLATFORM: 'an image for one platform has no index',
};

/** What a Dockerfile and build args ask of BuildKit, and would be passed over in silence here. */
export function tellOfUnread(
  { syntax, buildArgs }: { readonly syntax: string | undefined } & Pick<BuildOptions, 'buildArgs'>,
  warn: (message: string) => void,
): void {
  const [frontend = ''] = (buildArgs.get('BUILDKIT_SYNTAX') ?? syntax ?? '').split(' ');
  if (frontend !== '' && !OWN_FRONTEND.test(frontend))
    warn(`the frontend ${frontend} is not run: this file is read as docker/dockerfile reads it`);
  for (const [name, instead] of Object.entries(UNREAD_ARGS))
    if (parseGoBool(buildArgs.get(name) ?? '') === true) warn(`--build-arg ${name} has no effect: ${instead}`);
}
