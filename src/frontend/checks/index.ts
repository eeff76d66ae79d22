export { Findings } from './findings.ts';
export { checkIgnored, checkPorts, checkStage } from './stage-rules.ts';
export { checkText } from './text-rules.ts';
