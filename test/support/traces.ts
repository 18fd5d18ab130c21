import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A text in every form in which it could stand in a file: as it is and in small letters, as UTF-8, UTF-16 and base64. */
export function formsOf(text: string): Map<string, Buffer> {
  const forms = new Map<string, Buffer>();
  for (const written of new Set([text, text.toLowerCase()])) {
    const utf16 = Buffer.from(written, 'utf16le');
    forms.set(`${written} in UTF-8`, Buffer.from(written));
    forms.set(`${written} in UTF-16 LE`, utf16);
    forms.set(`${written} in UTF-16 BE`, Buffer.from(utf16).swap16());
    for (const shift of [0, 1, 2]) forms.set(`${written} in base64, shifted by ${shift}`, base64Within(written, shift));
  }
  return forms;
}

/** The letters of base64 that are the same whatever stands before and behind the text. */
function base64Within(text: string, shift: number): Buffer {
  const before = Buffer.alloc(shift);
  const encoded = Buffer.concat([before, Buffer.from(text)])
    .toString('base64')
    .replaceAll('=', '');
  const isWhole = (shift + Buffer.byteLength(text)) % 3 === 0;
  return Buffer.from(encoded.slice(shift === 0 ? 0 : shift + 1, isWhole ? undefined : -1));
}

/** Which of the texts stand in which of the files of a folder, and how. */
export function tracesIn(folder: string, texts: readonly string[]): string[] {
  const forms = texts.flatMap((text) => [...formsOf(text)]);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const content = readFileSync(join(entry.parentPath, entry.name));
      return forms.filter(([, form]) => content.includes(form)).map(([form]) => `${form} in ${entry.name}`);
    });
}
