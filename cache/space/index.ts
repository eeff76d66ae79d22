import { join } from 'node:path';
import { listRecords } from '../records/list.ts';
import { type KeptImage, ownershipOf } from './ownership.ts';
import { surveyRoot } from './survey.ts';
import { type SpaceUsage, usageOf } from './usage.ts';

export type { SpaceItem, SpaceKind } from './item.ts';
export type { KeptImage } from './ownership.ts';
export type { Share, SpaceUsage } from './usage.ts';

/** What takes the space of a root. Reads only; a root that is not there takes none. */
export function spaceUsage(
  rootDir: string,
  { images, nowMs }: { images: readonly KeptImage[]; nowMs: number },
): SpaceUsage & { readonly unreadable: readonly string[] } {
  const survey = surveyRoot(rootDir);
  const records = listRecords(join(rootDir, 'records/v1'));
  const ownership = ownershipOf({ rootDir, items: survey.items, records, images });
  return { ...usageOf(survey, ownership, nowMs), unreadable: survey.unreadable };
}
