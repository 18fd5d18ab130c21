import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { join } from '#database/testing/line-to-server.js';

/** An address that is known before the server that answers there has started, as behind a reverse proxy. */
export class FrontDoor {
  private readonly ends = new Set<Socket>();
  private behind: { readonly port: number; readonly host: string } | null = null;

  private constructor(
    private readonly listener: Server,
    /** Of the site `localhost`. */
    readonly url: string,
  ) {}

  static async open(): Promise<FrontDoor> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const door = new FrontDoor(listener, `http://localhost:${(listener.address() as AddressInfo).port}`);
    listener.on('connection', (near: Socket) => door.lead(near));
    return door;
  }

  leadTo(url: string): void {
    const { hostname, port } = new URL(url);
    this.behind = { host: hostname, port: Number(port) };
  }

  async close(): Promise<void> {
    const closed = once(this.listener, 'close');
    this.listener.close();
    for (const end of this.ends) end.destroy();
    await closed;
  }

  private lead(near: Socket): void {
    if (this.behind === null) {
      near.destroy();
      return;
    }
    join(near, connect(this.behind), this.ends);
  }
}
