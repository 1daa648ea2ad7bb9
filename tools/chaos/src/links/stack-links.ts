import { freePorts, type Links, SERVERS, SERVICES, type ServerName, type ServiceName, type WholeStack } from '@ledgerline/local-stack';
import { LinkProxy } from './link-proxy.js';

/** A service's way to a server: `pricing-nats`. */
export type LinkName = `${ServiceName}-${ServerName}`;

/** Only these ask ClickHouse. */
const ASKS_CLICKHOUSE: readonly ServiceName[] = ['pricing', 'aggregation', 'read-api'];

export const LINKS: readonly LinkName[] = SERVICES.flatMap((service) =>
  SERVERS.filter((server) => server !== 'clickhouse' || ASKS_CLICKHOUSE.includes(service)).map((server): LinkName => `${service}-${server}`),
);

/** A proxy on every way from a service of a stack to a server. */
export class StackLinks {
  private stack: WholeStack | undefined;

  private constructor(
    private readonly proxies: ReadonlyMap<LinkName, LinkProxy>,
    /** What the stack has to be told. */
    readonly ports: Links,
  ) {}

  static async open(): Promise<StackLinks> {
    const ports = await freePorts(LINKS.length);
    const proxies = new Map<LinkName, LinkProxy>();
    const told: Links = {};
    const links = new StackLinks(proxies, told);
    for (const [i, name] of LINKS.entries()) {
      const server = SERVERS.find((one) => name.endsWith(`-${one}`))!;
      const service = name.slice(0, -server.length - 1) as ServiceName;
      const port = ports[i]!;
      told[service] = { ...told[service], [server]: port };
      const proxy = new LinkProxy(port, () => links.stack!.file().ports[server]!);
      await proxy.listen();
      proxies.set(name, proxy);
    }
    return links;
  }

  /** Whose servers they lead to. */
  leadTo(stack: WholeStack): void {
    this.stack = stack;
  }

  /** @throws when there is no such link */
  get(name: string): LinkProxy {
    const proxy = this.proxies.get(name as LinkName);
    if (!proxy) throw new Error(`no link is called ${name}`);
    return proxy;
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
  }
}
