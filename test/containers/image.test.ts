import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { before, test, type TestContext } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { freshSettings } from '../support/own-service.ts'
import { until } from '../support/until.ts'
import { buildImage, buildTracedImage, IMAGE, TRACED_IMAGE } from './build-image.ts'
import { composeArguments } from './compose-service.ts'
import { assertMayNothing } from './may-nothing.ts'
import { podman, succeeds } from './podman.ts'

/** The image, built from the Dockerfile as it is and run as the service part of compose.yaml says. */

const COMPOSE_SETTINGS = ['KAFKA_BOOTSTRAP_SERVERS', 'SCHEMA_REGISTRY_URL', 'KAFKA_TOPIC'] as const

before(async () => {
  process.stdout.write(`base image: ${await buildImage()}\n`)
})

interface Container {
  readonly id: string
  readonly url: string
  readonly exec: (...command: string[]) => Promise<string>
  /** Runs what the image has as its health check. */
  readonly isHealthy: () => Promise<boolean>
  /** SIGTERM; resolves with its exit code. */
  readonly stop: () => Promise<number>
}

async function runContainer(
  t: TestContext,
  volume: string,
  settings: Readonly<Record<string, string>>,
  image = IMAGE,
): Promise<Container> {
  const port = String(await findFreePort())
  const environment = { ...settings, API_HOST: '127.0.0.1', API_PORT: port }
  const id = await podman('run', '--detach', ...composeArguments(environment, volume), image)
  t.after(() => podman('rm', '--force', '--ignore', '--time=0', id))
  return {
    id,
    url: `http://127.0.0.1:${port}`,
    exec: (...command) => podman('exec', id, ...command),
    isHealthy: () => succeeds(podman('healthcheck', 'run', id)),
    async stop() {
      await podman('stop', id)
      return Number(await podman('inspect', '--format={{.State.ExitCode}}', id))
    },
  }
}

/** The settings that compose.yaml has, too, and nothing of the tests' usual ones. */
function composeSettings(): Record<string, string> {
  const all: Readonly<Record<string, string>> = freshSettings()
  return Object.fromEntries(COMPOSE_SETTINGS.map((name) => [name, all[name] ?? '']))
}

async function freshVolume(t: TestContext): Promise<string> {
  const volume = `cart-${randomUUID()}`
  t.after(() => podman('volume', 'rm', '--force', volume))
  return volume
}

function createOrder({ url }: Container): Promise<Response> {
  return fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId: 'ORD-1', numItems: 2 }),
  })
}

async function untilHealthy({ id, isHealthy }: Container): Promise<void> {
  try {
    await until(isHealthy, 'the container is healthy')
  } catch (error) {
    throw new Error(`the container wrote: ${await podman('logs', id)}`, { cause: error })
  }
}

test('the image has the service and what it runs on, and nothing to develop it', async (t) => {
  const container = await runContainer(t, await freshVolume(t), composeSettings())
  assert.deepEqual((await container.exec('ls', '/app')).split('\n').toSorted(), [
    'data',
    'migrations',
    'node_modules',
    'package.json',
    'schemas',
    'src',
  ])
  assert.ok(await succeeds(container.exec('ls', '/app/node_modules/fastify')))
  assert.ok(!(await succeeds(container.exec('ls', '/app/node_modules/typescript'))))
})

test('as compose.yaml has it the service is nobody, may nothing and writes its volume alone', async (t) => {
  const container = await runContainer(t, await freshVolume(t), composeSettings())
  await untilHealthy(container)
  assertMayNothing(await container.exec('cat', '/proc/1/status'))
  for (const path of ['/app/file', '/etc/file', '/home/file', '/run/file']) {
    await assert.rejects(container.exec('touch', path), /Read-only file system/u)
  }
  assert.equal(await container.exec('stat', '--format=%U %a', '/app/data'), 'node 700')
  assert.equal(await container.exec('stat', '--format=%U %a', '/app/data/cart.db'), 'node 600')
})

test('a container ends with 0 on SIGTERM, and the next one has its orders', async (t) => {
  const [volume, settings] = [await freshVolume(t), composeSettings()]
  const first = await runContainer(t, volume, settings)
  await untilHealthy(first)
  assert.equal((await createOrder(first)).status, 201)
  assert.equal(await first.stop(), 0)
  const second = await runContainer(t, volume, settings)
  await untilHealthy(second)
  const read = await fetch(`${second.url}/api/orders/ORD-1`)
  assert.equal(read.status, 200)
  assert.equal(await second.stop(), 0)
})

test('a container whose Kafka is away starts, and is not healthy', async (t) => {
  const nowhere = `127.0.0.1:${await findFreePort()}`
  const settings = { ...composeSettings(), KAFKA_BOOTSTRAP_SERVERS: nowhere }
  const container = await runContainer(t, await freshVolume(t), settings)
  await until(async () => (await fetch(`${container.url}/health/live`)).ok, 'the container lives')
  assert.equal(await container.isHealthy(), false)
  assert.equal(await container.stop(), 0)
})

test('the tools of the command line work in the image', async (t) => {
  const container = await runContainer(t, await freshVolume(t), composeSettings())
  await untilHealthy(container)
  const report = await container.exec('node', 'src/cli/cart.ts', 'doctor', '--json')
  assert.equal((JSON.parse(report) as { readonly ok: boolean }).ok, true, report)
})

test('the image with the preload of the examples sends its traces, and may do no more', async (t) => {
  await buildTracedImage()
  using receiver = await startOtlpReceiver()
  const settings = {
    ...composeSettings(),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER_ARG: '1',
  }
  const container = await runContainer(t, await freshVolume(t), settings, TRACED_IMAGE)
  await untilHealthy(container)
  assertMayNothing(await container.exec('cat', '/proc/1/status'))
  assert.equal((await createOrder(container)).status, 201)
  await until(
    () => receiver.spans.some(({ name }) => name === 'settle'),
    'the spans of the change are received',
  )
  assert.equal(await container.stop(), 0)
})
