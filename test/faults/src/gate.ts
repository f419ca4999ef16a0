import { connect, createServer, type Server, type Socket } from 'node:net';

/** A port that stays the same while the server behind it is restarted on another one. */
export class Gate {
  private readonly sockets = new Set<Socket>();

  /** Connections that were cut by `cutOneIn`. */
  cuts = 0;
  private oneIn = 0;

  private constructor(
    private readonly server: Server,
    private target: number | undefined,
  ) {
    server.on('connection', (socket) => {
      if (this.target === undefined) return void socket.destroy();
      const inner = connect(this.target, '127.0.0.1');
      socket.on('data', (message) => this.pass(message, socket, inner));
      inner.pipe(socket);
      for (const [one, other] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        this.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.sockets.delete(one);
          if (!other.writableEnded) other.destroy();
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

  /**
   * From now on one in so many messages of clients, chosen by chance, cuts its connection: alternately the server never
   * gets it, and the server carries it out but its answer is lost. 0 ends it.
   */
  cutOneIn(messages: number): void {
    this.oneIn = messages;
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

  private pass(message: Buffer, client: Socket, server: Socket): void {
    if (this.oneIn === 0 || Math.random() * this.oneIn >= 1) return void server.write(message);
    this.cuts += 1;
    if (this.cuts % 2 === 0) server.end(message);
    client.destroy();
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
