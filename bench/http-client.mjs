import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A connection that sends one request after the other; it costs the machine less than a full client. */
export class Connection {
  #socket;
  #received = Buffer.alloc(0);
  #waiting;

  constructor(url) {
    const { hostname, port } = new URL(url);
    this.host = `${hostname}:${port}`;
    this.#socket = connect(Number(port), hostname).setNoDelay();
    this.#socket.on('data', (bytes) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
      this.#answer();
    });
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  /** @returns {Promise<{status: number, head: string, body: string}>} */
  request(method, path, headers = {}, body = '') {
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (method !== 'GET') lines.push(`content-length: ${Buffer.byteLength(body)}`);
    if (this.#waiting !== undefined) throw new Error('a connection sends one request after the other');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    });
  }

  close() {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #answer() {
    const text = this.#received.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = text.slice(0, end);
    const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
    let body;
    let taken;
    if (length !== undefined) {
      taken = end + 4 + Number(length);
      if (this.#received.length < taken) return;
      body = this.#received.toString('utf8', end + 4, taken);
    } else {
      const chunks = text.slice(end + 4);
      if (!chunks.endsWith('0\r\n\r\n')) return;
      taken = this.#received.length;
      body = chunks.replaceAll(/[0-9a-f]+\r\n([^]*?)\r\n(?=[0-9a-f]+\r\n)/gi, '$1').replace(/0\r\n\r\n$/, '');
    }
    this.#received = this.#received.subarray(taken);
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve({ status: Number(head.slice(9, 12)), head, body });
  }
}

/**
 * Keeps `work` going on so many connections for some seconds or until a signal, all the time or so many times a second.
 * @param {(connection: Connection, index: number) => Promise<void>} work one operation; throws if it failed
 * @returns {Promise<{perSecond: number, p50: number, p99: number}>} latencies in milliseconds
 */
export async function load(url, { connections, seconds = Infinity, perSecond, until }, work) {
  const latencies = [];
  const started = performance.now();
  const deadline = started + seconds * 1_000;
  const goesOn = () => performance.now() < deadline && !until?.aborted;
  const pause = perSecond === undefined ? 0 : (1_000 * connections) / perSecond;
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const connection = new Connection(url);
      // Callers that have nothing to do with each other do not come at the same moment.
      if (pause > 0) await delay((pause * index) / connections);
      while (goesOn()) {
        const before = performance.now();
        await work(connection, index);
        latencies.push(performance.now() - before);
        const rest = pause - (performance.now() - before);
        if (pause > 0 && rest > 0) await delay(rest);
      }
      connection.close();
    }),
  );
  const elapsed = (performance.now() - started) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { perSecond: latencies.length / elapsed, p50: at(0.5), p99: at(0.99) };
}

/** @throws {Error} unless the answer has the status */
export function expectStatus(answer, status) {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.slice(0, 200)}`);
  return answer;
}
