/** Control, format and unassigned characters and line or paragraph separators: two texts that differ by them look alike. */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
