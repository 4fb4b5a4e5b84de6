import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findFreePort } from './ports.ts'
import { isSchemaRegistry } from './probes.ts'
import { startRegistryProxy } from './registry-proxy.ts'
import { startSupervised, type ProcessExit } from './supervised-process.ts'
import { waitForStart } from './wait-for-start.ts'

const killAfterMs = 10_000

const jvmFlags = [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dquarkus.http.host=127.0.0.1',
  '-Dquarkus.http.access-log.enabled=false',
  '-Dquarkus.log.category."io.apicurio".level=WARN',
]

export interface RegistryOptions {
  /** The folder that {@link fetchLibrary} resolved with for `registry`. */
  readonly libDir: string
  readonly java: string
  readonly port: number
  /** Kept over restarts, so that schema ids stay true to what is on the topic. */
  readonly dataDir: string
  /** Emptied at each start. */
  readonly logFile: string
  readonly signal?: AbortSignal | undefined
}

export interface SchemaRegistry {
  readonly url: string
  readonly pid: number
  readonly exited: Promise<ProcessExit>
  /** SIGSTOP and SIGCONT pause and resume the registry, SIGKILL ends it. */
  signal(name: NodeJS.Signals): void
  /** Idempotent. */
  stop(): Promise<ProcessExit>
}

/**
 * Starts an Apicurio Registry that answers as Confluent's does at `http://localhost:<port>`.
 * Resolves when it answers; rejects with a sentence for the user when it does not come up, leaving
 * nothing behind.
 */
export async function startRegistry(options: RegistryOptions): Promise<SchemaRegistry> {
  const { port, dataDir, logFile } = options
  await mkdir(dataDir, { recursive: true })
  const registryPort = await findFreePort()
  const proxy = await startRegistryProxy(port, registryPort)
  try {
    const registry = await startSupervised({
      command: options.java,
      args: [
        ...jvmFlags,
        `-Dquarkus.http.port=${registryPort}`,
        // Its default is a database in memory, which forgets every schema.
        `-Dapicurio.datasource.url=jdbc:h2:file:${join(dataDir, 'registry')}`,
        '-jar',
        await findRunner(options.libDir),
      ],
      output: { file: logFile },
      killAfterMs,
    })
    const url = `http://localhost:${port}`
    await waitForStart(registry, {
      name: 'The schema registry',
      isReady: () => isSchemaRegistry(url),
      logFile,
      signal: options.signal,
    })
    return {
      url,
      pid: registry.pid,
      exited: registry.exited,
      signal: (name) => registry.signal(name),
      stop: async () => {
        const exit = await registry.stop()
        await proxy.close()
        return exit
      },
    }
  } catch (error) {
    await proxy.close()
    throw error
  }
}

async function findRunner(libDir: string): Promise<string> {
  const runner = (await readdir(libDir)).find((name) => name.endsWith('-runner.jar'))
  if (runner === undefined) throw new Error(`No registry in ${libDir}: delete it and start again.`)
  return join(libDir, runner)
}
