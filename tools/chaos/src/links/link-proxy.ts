import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type LinkBehaviour, passes } from './link-behaviour.js';
import { Pump } from './pump.js';

const HOST = '127.0.0.1';

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly requests: Pump;
  readonly answers: Pump;
}

/** Stands between one service and one server, byte for byte, and does to their connections what it is told. */
export class LinkProxy {
  private readonly connections = new Set<Connection>();
  private readonly listener: Server;
  private behaviour: LinkBehaviour = passes;

  /** @param target the server's port, asked at each connection */
  constructor(
    private readonly port: number,
    private readonly target: () => number,
  ) {
    this.listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.accept(client));
  }

  async listen(): Promise<void> {
    this.listener.listen(this.port, HOST);
    await once(this.listener, 'listening');
  }

  /** How many connections go through it now. */
  get open(): number {
    return this.connections.size;
  }

  /** From now on, for the connections there are and those that come. */
  behave(behaviour: LinkBehaviour): void {
    this.behaviour = behaviour;
    for (const { requests, answers } of this.connections) {
      requests.behave(behaviour.requests);
      answers.behave(behaviour.answers);
    }
  }

  /** Ends every connection as a broken wire does: both sides get a reset. */
  cut(): void {
    for (const { client, server } of this.connections) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.behaviour.refuses) return void client.resetAndDestroy();
    const server = connect({ host: HOST, port: this.target(), allowHalfOpen: true });
    const connection: Connection = { client, server, requests: new Pump(client, server, this.behaviour.requests), answers: new Pump(server, client, this.behaviour.answers) };
    this.connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // One side is gone: the other hears of it, as it would without anything in between.
        this.connections.delete(connection);
        for (const other of [client, server]) if (!other.destroyed) other.destroySoon();
      });
    }
  }
}
