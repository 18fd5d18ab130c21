// For words that tell somebody how long something lasts.
export const inMinutes = (ms: number): number => ms / 60_000;
export const inHours = (ms: number): number => ms / 3_600_000;
