import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { systemClock } from '../../src/service/system.ts'
import { runCart } from '../support/cart-command.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** What docs/how-to/evolve-the-schema.md tells people to do, against a real registry. */

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const PAGE = readFileSync(root('docs/how-to/evolve-the-schema.md'), 'utf8')

const SCHEMA = readFileSync(root('schemas/order.avsc'), 'utf8')

interface Outcome {
  readonly code: number
  readonly output: string
}

async function cart(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { code, stdout, stderr } = await runCart(args, env)
  return { code, output: stdout + stderr }
}

/** The code blocks of the page, without the indentation of the list that they are in. */
function blocksOf(language: string): string[] {
  const blocks = PAGE.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)
  return [...blocks]
    .filter((match) => match[2] === language)
    .map(([, indentation = '', , text = '']) =>
      text.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
    )
}

/** The schema with the field that the page shows under this name, as a file. */
async function withField(dir: string, name: string): Promise<string> {
  const block = blocksOf('json').find((text) => text.includes(`"${name}"`))
  assert.ok(block, `the page shows ${name}`)
  const schema = JSON.parse(SCHEMA) as { fields: unknown[] }
  schema.fields.push(JSON.parse(block))
  const file = join(dir, `${name}.avsc`)
  await writeFile(file, JSON.stringify(schema))
  return file
}

/** What the page says is printed, with the subject and the schema id of this run. */
function printedFor(start: string, subject: string, schemaId: number): string[] {
  const block = blocksOf('').find((text) => text.startsWith(`order-events-value: ${start}`))
  assert.ok(block, `the page shows ${start}`)
  return block
    .trimEnd()
    .replaceAll('order-events-value', subject)
    .replaceAll('schema id 1)', `schema id ${schemaId})`)
    .split('\n')
}

async function setUp(t: TestContext) {
  const dir = await temporaryFolder(t)
  const settings = freshSettings(`sqlite:${dir}/cart.db`)
  const client = createRegistryClient({
    baseUrl: settings.SCHEMA_REGISTRY_URL,
    timeoutMs: 10_000,
    clock: systemClock,
  })
  t.after(() => client.close())
  return { dir, subject: `${settings.KAFKA_TOPIC}-value`, settings, client }
}

test('a change that everybody can read is found compatible, and one that breaks somebody is not', async (t) => {
  const { dir, subject, settings, client } = await setUp(t)
  const before = await cart(['schema', 'check'], settings)
  assert.deepEqual(before, {
    code: 0,
    output: `${subject}: nothing is registered yet, so nothing can break\n`,
  })

  const service = await startOwnService(t, settings)
  await service.end('SIGTERM')
  const schemaId = await client.lookUp(subject, SCHEMA)
  assert.ok(schemaId !== undefined)

  const added = await cart(['schema', 'check', await withField(dir, 'couponCode')], settings)
  assert.deepEqual(added.output.trimEnd().split('\n'), printedFor('compatible', subject, schemaId))
  assert.equal(added.code, 0)

  const file = await withField(dir, 'shippingAddress')
  const broken = await cart(['schema', 'check', file], settings)
  const expected = printedFor('NOT compatible', subject, schemaId)
  assert.deepEqual(broken.output.split('\n').slice(0, expected.length), expected)
  assert.equal(broken.code, 1)
})

test('a change that only an earlier version stands in the way of is refused by that version', async (t) => {
  const { dir, subject, settings, client } = await setUp(t)
  await client.setSubjectCompatibility(subject, 'FULL_TRANSITIVE')
  await client.register(subject, SCHEMA)
  const file = await withField(dir, 'couponCode')
  await client.register(subject, readFileSync(file, 'utf8'))
  // Events of the latest version have the field; those of the first have it only by a default.
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { fields: { default?: unknown }[] }
  delete schema.fields.at(-1)?.default
  await writeFile(file, JSON.stringify(schema))

  const { code, output } = await cart(['schema', 'check', file, '--json'], settings)
  assert.equal(code, 1)
  const { isCompatible, subjects } = JSON.parse(output) as {
    isCompatible: boolean
    subjects: {
      level: string
      versions: { version: number; isCompatible: boolean; reasons: string[] }[]
    }[]
  }
  assert.equal(isCompatible, false)
  assert.equal(subjects[0]?.level, 'FULL_TRANSITIVE')
  const [first, latest, ...more] = subjects[0].versions
  assert.deepEqual([first?.isCompatible, latest?.isCompatible, more.length], [false, true, 0])
  assert.match(first?.reasons.join() ?? '', /couponCode is missing there, and has no default/)
})

test('a registry that cannot be asked, and a file that is no schema, end the check with 2', async (t) => {
  const { dir, settings } = await setUp(t)
  const away = await cart(['schema', 'check'], {
    ...settings,
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    SCHEMA_REGISTRY_TIMEOUT_MS: '500',
  })
  assert.equal(away.code, 2)
  assert.match(away.output, /127\.0\.0\.1:1/)
  const file = join(dir, 'broken.avsc')
  await writeFile(file, '{')
  const broken = await cart(['schema', 'check', file], settings)
  assert.equal(broken.code, 2)
  assert.match(broken.output, /broken\.avsc is not JSON/)
})
