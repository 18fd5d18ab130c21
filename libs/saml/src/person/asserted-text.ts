import { shownLine } from '#domain/user/asserted-profile.js';

/** Each that shows anything, once. */
export const shownTexts = (values: readonly string[]): readonly string[] => [
  ...new Set(values.map(shownLine).filter((text) => text !== null)),
];

/** The first value that shows anything; null for none. */
export const firstText = (values: readonly string[]): string | null => shownTexts(values)[0] ?? null;
