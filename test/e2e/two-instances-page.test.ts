import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../../dev-services/ports.ts'
import { shellWord } from '../../src/cli/shell-word.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { createTestSchema } from '../support/postgres-schema.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The walk of docs/how-to/run-two-instances.md, its commands as they are there, on the servers of the run. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const PAGE = readFileSync(join(ROOT, 'docs/how-to/run-two-instances.md'), 'utf8')

/** `npx cart` without the seconds that npm takes, and a wait where a reader types the next command. */
const PRELUDE = `
  npx() { shift; ${shellWord(process.execPath)} src/cli/cart.ts "$@"; }
  answers() { until curl -sf "http://localhost:8001/$1" | grep -q "$2"; do sleep 0.1; done; }
`

function blockWith(command: string): string {
  const blocks = Array.from(PAGE.matchAll(/```sh\n([^]*?)```/gu), ([, block = '']) => block)
  const found = blocks.find((block) => block.includes(command))
  assert.ok(found, `the page has no block with ${command}`)
  return found
}

/** Each change is there: a page that says something else is to be looked at again. */
function replaceIn(script: string, changes: ReadonlyArray<readonly [string, string]>): string {
  return changes.reduce((changed, [from, to]) => {
    assert.ok(changed.includes(from), `the page has no ${from}`)
    return changed.replaceAll(from, to)
  }, script)
}

/** What it prints, stderr included. All that it starts ends with it. */
async function runShell(t: TestContext, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const shell = spawn('sh', ['-c', `exec 2>&1\n${script}`], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const end = (): void => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL')
    } catch {
      // Nobody of the group is there any more.
    }
  }
  t.after(end)
  process.once('exit', end)
  const [output] = await Promise.all([text(shell.stdout), once(shell, 'exit')])
  return output
}

test('the page says how to use a database of your own, and how to remove what it makes', () => {
  const [address = ''] = /postgres:\/\/\S+/u.exec(blockWith('API_PORT=8001')) ?? []
  assert.ok(PAGE.includes(`Put its address in place of \`${address}\``), address)
  for (const [, name = ''] of PAGE.matchAll(/^createdb .*?(\S+)$/gmu)) {
    blockWith(`dropdb ${name}\n`)
  }
  for (const [, folder = ''] of PAGE.matchAll(/^initdb --pgdata (\S+)/gmu)) {
    const removal = blockWith(`rm -r ${folder}\n`)
    assert.ok(removal.includes(`pg_ctl --pgdata ${folder} stop`), 'it is stopped first')
  }
})

test('two instances on one database, one of them killed: the other one answers, and the audit agrees', async (t) => {
  const schema = await createTestSchema()
  t.after(() => schema.drop())
  const settings = freshSettings(schema.url())
  const first = await startOwnService(t, settings)
  const second = `http://localhost:${await findFreePort()}`

  const start = blockWith('API_PORT=8001')
  const [shared = ''] = start.split('\n')
  assert.ok(blockWith('npm run dev').includes(shared), 'both instances have the same settings')
  const walk = [
    PRELUDE,
    start,
    'answers health/ready ready',
    blockWith('curl -s http://localhost:8000/health'),
    blockWith('npx cart create'),
    blockWith('kill -9 $second'),
    blockWith('npx cart audit'),
  ].join('\n')
  const script = replaceIn(walk, [
    ['postgres://cart@localhost:5433/orders_two', shellWord(settings.DATABASE_URL)],
    ['KAFKA_TOPIC=orders-two', `KAFKA_TOPIC=${settings.KAFKA_TOPIC}`],
    ['.dev/second.log', shellWord(join(await temporaryFolder(t), 'second.log'))],
    ['sleep 5', 'answers "api/orders?orderId=DEMO" DEMO'],
    ['--for 10s', '--for 3s'],
    ['http://localhost:8000', first.url],
    ['http://localhost:8001', second],
    ['API_PORT=8001', `API_PORT=${new URL(second).port}`],
  ])
  const { PATH } = process.env
  const output = await runShell(t, script, { ...settings, PATH })

  const instances = Array.from(output.matchAll(/"instance":\{"id":"([^"]+)","lease":"held"/gu))
  assert.equal(new Set(instances.map(([, id]) => id)).size, 2, output)
  assert.match(output, /^Order ORD-1: confirmed, .*\nCustomer .*, version 2$/mu)
  assert.match(output, / v1 +created [^]* v2 +status-changed /u)
  assert.match(output, /^\d+ changes sent in [\d.]+ s, \d+ acknowledged$/mu)
  assert.match(output, /^ {2}no answer not-applied +\d+$/mu, 'the second one was killed')
  assert.match(output, /^Topic and store agree: \d+ events on the topic, /mu)
  const answer = await fetch(`${first.url}/api/orders/ORD-1`)
  assert.equal(answer.status, 200)
})
