import { execFile, type ExecFileOptions } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Podman and buildah with a store of their own below `.dev`, which the machine's other images and
 * containers know nothing of. Everything is in the network of the machine: what tests start there is
 * reached as it is.
 */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const HOME = join(ROOT, '.dev', 'containers')

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

const run = promisify(execFile)

/**
 * Without systemd, and where a process may not raise its limits: as on a machine that is itself a
 * container. The limits are those that the tests' own process has at least.
 */
const CONTAINERS_CONF = `
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
netns = "host"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
`

const STORAGE_CONF = `
[storage]
driver = "overlay"
graphroot = "${HOME}/storage"
runroot = "${HOME}/run"
`

let environment: NodeJS.ProcessEnv | undefined

function containerEnvironment(): NodeJS.ProcessEnv {
  if (environment !== undefined) return environment
  mkdirSync(HOME, { recursive: true })
  const [containers, storage] = [join(HOME, 'containers.conf'), join(HOME, 'storage.conf')]
  writeFileSync(containers, CONTAINERS_CONF)
  writeFileSync(storage, STORAGE_CONF)
  environment = {
    ...process.env,
    CONTAINERS_CONF: containers,
    CONTAINERS_STORAGE_CONF: storage,
  }
  return environment
}

/** Resolves with what it wrote. Rejects with what it complained of where it does not end with 0. */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: ExecFileOptions = {},
): Promise<string> {
  const env = containerEnvironment()
  const { stdout } = await run(tool, args, {
    env,
    maxBuffer: OUTPUT_BYTES_MAX,
    ...options,
    encoding: 'utf8',
  })
  return stdout.trim()
}

export function podman(...args: readonly string[]): Promise<string> {
  return runTool('podman', args)
}

export function buildah(...args: readonly string[]): Promise<string> {
  return runTool('buildah', args)
}

/** Whether it ends with 0. */
export function succeeds(outcome: Promise<unknown>): Promise<boolean> {
  return outcome.then(
    () => true,
    () => false,
  )
}
