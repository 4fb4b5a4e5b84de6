import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import process from 'node:process'

/**
 * Everything that CI demands, cheapest first, each step by its own command. With arguments: only
 * these test files, against a real Kafka, registry and PostgreSQL.
 */

const WITH_SERVERS = [
  '--test',
  '--test-global-setup=test/support/global-setup.ts',
  '--test-timeout=300000',
]

/** Node itself leaves one core free, of two. */
const EVERY_CORE = `--test-concurrency=${availableParallelism()}`

/** More would wait for the one broker, and for each other's starts. */
const TWO_FILES = '--test-concurrency=2'

/** The cores belong to the brokers and to the load; files that share them wait in line. */
const ONE_CORE = '--test-concurrency=1'

const chosen = process.argv.slice(2)

const steps: ReadonlyArray<[title: string, command: string, args: readonly string[]]> =
  chosen.length > 0
    ? [['tests', process.execPath, [...WITH_SERVERS, ONE_CORE, ...chosen]]]
    : [
        ['types', 'tsc', ['--noEmit']],
        ['types of the console', 'tsc', ['--noEmit', '-p', 'src/console']],
        ['lint', 'oxlint', ['--type-aware']],
        ['format', 'prettier', ['--check', '--log-level=warn', '.']],
        ['generated documents', process.execPath, ['scripts/generate-docs.ts', '--check']],
        [
          'tests without servers',
          process.execPath,
          [
            '--test',
            '--test-timeout=60000',
            EVERY_CORE,
            'test/*.test.ts',
            'test/{unit,property,contract,api}/**/*.test.ts',
          ],
        ],
        [
          'tests with Kafka, Schema Registry and PostgreSQL',
          process.execPath,
          [...WITH_SERVERS, TWO_FILES, 'test/{integration,e2e}/*.test.ts'],
        ],
        [
          // A long transaction of another file would hide what is settled from readers of PostgreSQL.
          'tests that need the servers for themselves',
          process.execPath,
          [...WITH_SERVERS, ONE_CORE, 'test/{integration/storage,fault}/**/*.test.ts'],
        ],
      ]

for (const [title, command, args] of steps) {
  process.stdout.write(`\n── ${title}\n`)
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) {
    process.stderr.write(`── ${title}: failed (${signal ?? `exit ${status}`})\n`)
    process.exit(1)
  }
}
