export { type BindContent, type BindPlan, bindContent, planBind } from './bind.ts';
export { type ModeChange, parseChmod } from './chmod.ts';
export { type MkdirPlan, planMkdir, writeMkdir } from './mkdir.ts';
export { assertOwnerOnScratch, type Owner, resolveOwner } from './owner.ts';
export { type CopyPlan, planCopy } from './plan.ts';
export { lookupFollowed, type SelectOptions, selectSources } from './select.ts';
export type { SelectedArchive, SelectedFiles, SelectedSource, Selection } from './selection.ts';
export { writeCopy, writingCopy } from './write.ts';
