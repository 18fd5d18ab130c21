import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import type { PostgresServer } from '../place.js';

/** What comes in at one goes out at the other, until either ends. @param ends has both until then */
export function join(near: Socket, far: Socket, ends: Set<Socket>): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    ends.add(one);
    one.on('error', () => other.destroy()).on('close', () => ends.delete(one));
    one.pipe(other);
  }
}

/** A line to a server that can be cut and mended: what is behind it then seems to go away and come back. */
export class LineToServer {
  private readonly ends = new Set<Socket>();
  private listener: Server | undefined;
  private port = 0;

  private constructor(private readonly behind: PostgresServer) {}

  static async to(server: PostgresServer): Promise<LineToServer> {
    const line = new LineToServer(server);
    await line.mend();
    return line;
  }

  /** The server as it is seen from this end. */
  get server(): PostgresServer {
    return { ...this.behind, port: this.port };
  }

  async mend(): Promise<void> {
    this.listener = createServer((near) => {
      join(near, connect(this.behind.port, this.behind.host), this.ends);
    }).listen(this.port, this.behind.host);
    await once(this.listener, 'listening');
    this.port = (this.listener.address() as AddressInfo).port;
  }

  /** Every connection is lost, and a new one is refused. */
  async cut(): Promise<void> {
    const closed = this.listener?.close();
    for (const end of this.ends) end.destroy();
    if (closed !== undefined) await once(closed, 'close');
  }
}
