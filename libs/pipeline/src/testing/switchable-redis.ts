import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy to a real Redis that can be disconnected and reconnected. */
export class SwitchableRedis {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  private constructor(
    private readonly target: URL,
    readonly port: number,
  ) {}

  /** Starts disconnected. */
  static async create(targetUrl: string): Promise<SwitchableRedis> {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    return new SwitchableRedis(new URL(targetUrl), port);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async restore(): Promise<void> {
    const server = createServer((socket) => {
      const onward = connect(Number(this.target.port), this.target.hostname);
      for (const each of [socket, onward]) {
        this.sockets.add(each);
        each
          .on('error', () => undefined)
          .on('close', () => {
            socket.destroy();
            onward.destroy();
            this.sockets.delete(each);
          });
      }
      socket.pipe(onward).pipe(socket);
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  /** Connections stay open, and no data passes. */
  freeze(): void {
    for (const socket of this.sockets) socket.pause().unpipe();
  }

  async cut(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server)
      await new Promise((resolve) => {
        server.close(resolve);
      });
  }
}
