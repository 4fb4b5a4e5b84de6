import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { globalSetup, globalTeardown } from '../test/support/global-setup.ts'

/**
 * Everything that CI demands, cheapest first, each step by its own command. With arguments: only
 * these test files, against a real Kafka, registry and PostgreSQL.
 */

/** Node itself leaves one core free, of two. */
const EVERY_CORE = `--test-concurrency=${availableParallelism()}`

/** More would wait for the one broker, and for each other's starts. */
const TWO_FILES = '--test-concurrency=2'

/** The cores belong to the brokers and to the load; files that share them wait in line. */
const ONE_CORE = '--test-concurrency=1'

/**
 * Most of what a short test file, or a run of `cart`, costs is its start: Node keeps here what it has
 * compiled, and stripped of types. Not where the service keeps it: that runs with other flags of V8, and
 * each would throw away what the other has compiled.
 */
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('../node_modules/.cache/cart-service-tests', import.meta.url),
)

interface Step {
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
  /** They are started before the first step that needs them, and serve all others. */
  readonly needsServers?: boolean
}

function withServers(title: string, concurrency: string, ...files: readonly string[]): Step {
  const args = ['--test', '--test-timeout=300000', concurrency, ...files]
  return { title, command: process.execPath, args, needsServers: true }
}

/** None of these keeps two cores busy for long. */
const CHECKS: readonly Step[] = [
  { title: 'types', command: 'tsc', args: ['--noEmit'] },
  { title: 'types of the console', command: 'tsc', args: ['--noEmit', '-p', 'src/console'] },
  { title: 'lint', command: 'oxlint', args: ['--type-aware'] },
  { title: 'format', command: 'prettier', args: ['--check', '--log-level=warn', '.'] },
  {
    title: 'generated documents',
    command: process.execPath,
    args: ['scripts/generate-docs.ts', '--check'],
  },
]

const WITHOUT_SERVERS: Step = {
  title: 'tests without servers',
  command: process.execPath,
  args: [
    '--test',
    '--test-timeout=60000',
    EVERY_CORE,
    'test/*.test.ts',
    'test/{unit,property,contract,api}/**/*.test.ts',
  ],
}

const WITH_SERVERS: Step = withServers(
  'tests with Kafka, Schema Registry and PostgreSQL',
  TWO_FILES,
  'test/{integration,e2e}/*.test.ts',
  // They share no server with anybody.
  'test/integration/storage/sqlite-*.test.ts',
)

const ONE_BY_ONE: Step = withServers(
  // A long transaction of another file would hide what is settled from readers of PostgreSQL.
  'tests that need the servers for themselves',
  ONE_CORE,
  'test/integration/storage/!(sqlite-*).test.ts',
  'test/fault/*.test.ts',
)

/** Those of one row run at the same time. */
const ALL: ReadonlyArray<readonly Step[]> = [
  CHECKS,
  [WITHOUT_SERVERS],
  [WITH_SERVERS],
  [ONE_BY_ONE],
]

/** Whether it went well. */
async function run({ title, command, args }: Step): Promise<boolean> {
  process.stdout.write(`\n── ${title}\n`)
  const child = spawn(command, args, { stdio: 'inherit' })
  const endWithUs = (): void => void child.kill()
  process.once('exit', endWithUs)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('exit', endWithUs)
  if (code === 0) return true
  process.stderr.write(`── ${title}: failed (${signal ?? `exit ${code}`})\n`)
  return false
}

async function runAll(rows: ReadonlyArray<readonly Step[]>): Promise<boolean> {
  let hasServers = false
  try {
    for (const steps of rows) {
      if (!hasServers && steps.some(({ needsServers }) => needsServers)) {
        hasServers = true
        await globalSetup()
      }
      const results = await Promise.all(steps.map(run))
      if (results.includes(false)) return false
    }
    return true
  } finally {
    if (hasServers) await globalTeardown()
  }
}

// The servers end with this process; so it has to end by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const chosen = process.argv.slice(2)
const rows = chosen.length > 0 ? [[withServers('tests', ONE_CORE, ...chosen)]] : ALL
process.exitCode = (await runAll(rows)) ? 0 : 1
