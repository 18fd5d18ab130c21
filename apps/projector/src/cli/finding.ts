import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson } from './output.js';

/** What one look has found. */
export interface Finding<Check extends string = string> {
  readonly check: Check;
  /** `fault`: something does not work or will soon not; `warning`: it works, and should be otherwise. */
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Says what was found. @throws CannotBeDone for a fault */
export function report(findings: readonly Finding[], json: boolean): void {
  if (json) sayJson(findings);
  else for (const finding of findings) say(asLine(finding));
  const faults = findings.filter(({ verdict }) => verdict === 'fault').length;
  if (faults > 0) throw new CannotBeDone(`${faults} ${faults === 1 ? 'fault' : 'faults'} found.`);
}

const asLine = ({ check, verdict, what, advice }: Finding) =>
  `${verdict.padEnd(7)}  ${check.padEnd(11)}  ${what}${advice === undefined ? '' : `\n${' '.repeat(22)}→ ${advice}`}`;
