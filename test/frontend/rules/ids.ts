/** How many rules each section of the language's reference has; their ids are numbered through. */
const SECTIONS = { A1: 6, A2: 8, A3: 7, A4: 2, A5: 3, A6: 19, A7: 8, A8: 8, A9: 5, A10: 5, A11: 3 } as const;

export const RULE_IDS: readonly string[] = Object.entries(SECTIONS).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
);
