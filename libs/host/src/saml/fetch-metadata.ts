/** A document that was fetched. */
export interface FetchedMetadata {
  readonly text: string;
  /** The clock of the server; null if it does not tell. */
  readonly serverTime: Date | null;
}

/** The feed of a whole federation has some megabytes. */
const MAX_BYTES = 20 * 2 ** 20;
const TIMEOUT_MS = 30_000;

/** @throws Error that says what went wrong */
export async function fetchMetadata(url: string, signal?: AbortSignal): Promise<FetchedMetadata> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(url, {
    headers: { Accept: 'application/samlmetadata+xml, application/xml, text/xml', 'User-Agent': 'authlog' },
    redirect: 'error',
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  if (!answer.ok || answer.body === null) throw new Error(`it answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const serverTime = new Date(answer.headers.get('date') ?? '');
  return {
    text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)),
    serverTime: Number.isNaN(serverTime.getTime()) ? null : serverTime,
  };
}
