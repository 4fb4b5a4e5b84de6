import { newClusterId } from '../../dev-services/kafka.ts'
import { findFreePort } from '../../dev-services/ports.ts'
import { startTestBroker, type TestBroker } from './kafka-broker.ts'
import { startKafkaProxy, type KafkaProxy } from './kafka-proxy.ts'

/** A broker with two doors: the plain one, and one that leads through a proxy. */
export interface ClusterBroker extends TestBroker {
  readonly nodeId: number
  readonly proxy: KafkaProxy
}

/** Brokers of its own for a test that breaks them; each is a controller as well. */
export interface TestCluster {
  readonly brokers: readonly ClusterBroker[]
  /** Past the proxies: for who wants to see the truth, whatever the proxies do. */
  readonly bootstrapServers: string
  /** Through the proxies, and so are all addresses that are learned there. */
  readonly proxiedServers: string
  /** Idempotent. */
  close(): Promise<void>
}

interface Ports {
  readonly nodeId: number
  readonly port: number
  readonly controllerPort: number
  /** Where the broker listens for its proxy. */
  readonly behindProxyPort: number
  readonly proxyPort: number
}

export async function startTestCluster(count: 1 | 3): Promise<TestCluster> {
  const members: Ports[] = []
  for (let nodeId = 1; nodeId <= count; nodeId += 1) members.push(await findPorts(nodeId))
  const clusterId = newClusterId()
  await using resources = new AsyncDisposableStack()
  // Together, because none of them answers before most of them are there.
  const starting = members.map((ports) => startMember(ports, members, clusterId, resources))
  const settled = await Promise.allSettled(starting)
  const failed = settled.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  const brokers = await Promise.all(starting)
  const owned = resources.move()
  return {
    brokers,
    bootstrapServers: brokers.map(({ bootstrapServers }) => bootstrapServers).join(','),
    proxiedServers: brokers.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(','),
    close: () => owned.disposeAsync(),
  }
}

async function findPorts(nodeId: number): Promise<Ports> {
  return {
    nodeId,
    port: await findFreePort(),
    controllerPort: await findFreePort(),
    behindProxyPort: await findFreePort(),
    proxyPort: await findFreePort(),
  }
}

async function startMember(
  ports: Ports,
  members: readonly Ports[],
  clusterId: string,
  resources: AsyncDisposableStack,
): Promise<ClusterBroker> {
  const { nodeId, port, controllerPort, behindProxyPort, proxyPort } = ports
  const proxy = await startKafkaProxy(proxyPort, behindProxyPort)
  resources.defer(() => proxy.close())
  const voters = members.map((member) => `${member.nodeId}@localhost:${member.controllerPort}`)
  const broker = await startTestBroker({
    port,
    controllerPort,
    clusterId,
    properties: {
      'node.id': String(nodeId),
      'controller.quorum.voters': voters.join(','),
      listeners: `PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controllerPort},PROXIED://127.0.0.1:${behindProxyPort}`,
      'advertised.listeners': `PLAINTEXT://localhost:${port},PROXIED://127.0.0.1:${proxyPort}`,
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      ...(members.length > 1 && {
        'default.replication.factor': String(members.length),
        'min.insync.replicas': '2',
      }),
    },
  })
  resources.defer(() => broker.close())
  return { ...broker, nodeId, proxy }
}
