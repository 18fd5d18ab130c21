import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The newest metadata of an identity provider that could be used, on disk: for a start while nobody can be asked. */
export class LastGoodCopy {
  private readonly file: string;

  constructor(data: string, name: string) {
    this.file = join(data, 'saml', `${name}.xml`);
  }

  /** Null if there is none. */
  async read(): Promise<string | null> {
    return readFile(this.file, 'utf8').catch(() => null);
  }

  /** Whole or not at all: a crash leaves the one from before. */
  async write(text: string): Promise<void> {
    const draft = `${this.file}.${process.pid}.draft`;
    await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, this.file);
  }
}
