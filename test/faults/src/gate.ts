import { connect, createServer, type Server, type Socket } from 'node:net';

/** A port that stays the same while the server behind it is restarted on another one. */
export class Gate {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private target: number | undefined,
  ) {
    server.on('connection', (socket) => {
      if (this.target === undefined) return void socket.destroy();
      const inner = connect(this.target, '127.0.0.1');
      for (const [one, other] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        this.sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  static async before(url: string): Promise<Gate> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new Gate(server, Number(new URL(url).port));
  }

  /** The same address through the gate. */
  through(url: string): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate is closed');
    return Object.assign(new URL(url), { port: String(address.port) }).href;
  }

  lead(url: string): void {
    this.target = Number(new URL(url).port);
  }

  /** No connection passes until it leads somewhere again; open ones are cut. */
  shut(): void {
    this.target = undefined;
    this.cut();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
