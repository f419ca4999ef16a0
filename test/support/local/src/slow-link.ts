import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A network to another host: everything comes late, and if wanted connections are lost now and then. */
export class SlowLink {
  private readonly sockets = new Set<Socket>();
  private losing: NodeJS.Timeout | undefined;
  lost = 0;

  private constructor(
    private readonly server: Server,
    target: URL,
    delayMs: number,
  ) {
    server.on('connection', (outer) => {
      const inner = connect(Number(target.port), target.hostname);
      this.join(outer, inner, delayMs);
      this.join(inner, outer, delayMs);
    });
  }

  /** A link to the server of `url`, `delayMs` in each direction. */
  static async to(url: string, delayMs: number): Promise<SlowLink> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new SlowLink(server, new URL(url), delayMs);
  }

  /** From now on, one connection is lost each `everyMs`. */
  loseConnections(everyMs: number): void {
    clearInterval(this.losing);
    this.losing = setInterval(() => this.loseOne(), everyMs);
  }

  /** The same address through the link. */
  through(url: string): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the link is closed');
    return Object.assign(new URL(url), { port: String(address.port) }).href;
  }

  close(): void {
    clearInterval(this.losing);
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(from: Socket, to: Socket, delayMs: number): void {
    this.sockets.add(from);
    from.on('data', (data) => void sleep(delayMs).then(() => to.writable && to.write(data)));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      void sleep(delayMs).then(() => to.destroy());
    });
  }

  private loseOne(): void {
    const [...open] = this.sockets;
    const victim = open[Math.floor(Math.random() * open.length)];
    if (!victim) return;
    this.lost += 1;
    victim.destroy();
  }
}
