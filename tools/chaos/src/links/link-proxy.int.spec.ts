import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePorts } from '@ledgerline/local-stack';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dropsAnswers, holdsRequest, passes, refuses, slow } from './link-behaviour.js';
import { LinkProxy } from './link-proxy.js';

/** Answers every chunk with the same in capitals, and keeps what it got. */
let server: Server;
let received: string;
let proxy: LinkProxy;
let port: number;

beforeEach(async () => {
  const ports = await freePorts(2);
  received = '';
  port = ports[0]!;
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(ports[1]!, '127.0.0.1');
  await once(server, 'listening');
  proxy = new LinkProxy(port, () => ports[1]!);
  await proxy.listen();
});
afterEach(async () => {
  await proxy.close();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Resolves when the socket is closed; its error if it had one. */
async function closed(socket: Socket): Promise<NodeJS.ErrnoException | undefined> {
  let failure: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => (failure = error));
  if (!socket.closed) await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return failure;
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

describe('a link', () => {
  it('carries bytes both ways, and the end of a connection', async () => {
    const socket = await open();
    expect(await ask(socket, 'hello')).toBe('HELLO');
    socket.end();
    await closed(socket);
    expect(proxy.open).toBe(0);
  });

  it('that is cut resets its connections; new ones get through, unless they are refused', async () => {
    const socket = await open();
    await ask(socket, 'a');
    const end = closed(socket);
    proxy.cut();
    expect((await end)?.code).toBe('ECONNRESET');
    expect(await ask(await open(), 'b')).toBe('B');
    proxy.behave(refuses);
    const refused = connect(port, '127.0.0.1');
    refused.resume();
    await closed(refused);
    expect(received).toBe('ab');
  });

  it('that drops answers still carries requests, on connections old and new', async () => {
    const old = await open();
    await ask(old, 'a');
    proxy.behave(dropsAnswers);
    const answers: string[] = [];
    for (const [socket, text] of [[old, 'b'], [await open(), 'c']] as const) {
      socket.on('data', (chunk) => answers.push(String(chunk)));
      socket.write(text);
    }
    while (!received.includes('b') || !received.includes('c')) await new Promise(setImmediate);
    proxy.cut();
    proxy.behave(passes);
    expect(await ask(await open(), 'd')).toBe('D');
    expect(answers).toEqual([]);
  });

  it('that is slow loses nothing and changes no order', async () => {
    proxy.behave(slow(5, 100_000));
    const socket = await open();
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    for (let i = 0; i < 50; i++) socket.write(`${i},`);
    const all = Array.from({ length: 50 }, (_, i) => `${i},`).join('');
    while (answer.length < all.length) await new Promise(setImmediate);
    expect(answer).toBe(all);
  });

  it('that holds a request lets half of it through, and the rest when it is let go', async () => {
    const held = new Promise<void>((resolve) => proxy.behave(holdsRequest(/^INSERT/, resolve)));
    const socket = await open();
    expect(await ask(socket, 'SELECT 1')).toBe('SELECT 1');
    socket.write('INSERT 12345');
    await held;
    socket.write('67890');
    await once(socket, 'data');
    expect(received).toBe('SELECT 1INSERT');
    proxy.behave(passes);
    while (received.length < 25) await new Promise(setImmediate);
    expect(received).toBe('SELECT 1INSERT 1234567890');
  });
});
