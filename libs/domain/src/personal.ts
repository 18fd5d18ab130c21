/** Stands where personal data was after the key that sealed it has been destroyed. */
export interface Erased {
  readonly erased: true;
}

/** A value that is sealed in the log: what was written, or the mark that it was erased. */
export type Personal<T> = T | Erased;

export const erased: Erased = { erased: true };

export const isErased = (value: unknown): value is Erased =>
  typeof value === 'object' && value !== null && 'erased' in value && value.erased === true;

/** The value; null if there is none, or once it has been erased. */
export const readable = <T>(value: Personal<T> | null): T | null => (isErased(value) ? null : value);
