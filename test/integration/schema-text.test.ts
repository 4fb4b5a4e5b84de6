import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findJava } from '../../dev-services/java-tools.ts'
import { libraryFolder } from '../../dev-services/libraries.ts'
import { createRegistryClient } from '../../src/service/schema-registry/client.ts'
import { keySchemaText, orderSchemaText } from '../../src/service/schema-registry/order-codec.ts'
import { systemClock } from '../../src/service/system.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url))
}

/** Each file of a schema as Java prints it. The registry of the tests brings Java's Avro along. */
async function printByJava(...files: string[]): Promise<string[]> {
  const java = await findJava()
  assert.equal(java.kind, 'found')
  const classPath = join(await libraryFolder('registry'), 'lib', '*')
  const program = pathOf('test/support/PrintSchema.java')
  const { stdout } = await run(java.command, ['-cp', classPath, program, ...files])
  return stdout.trimEnd().split('\n')
}

test('the registered texts are what Java prints, byte for byte', async (t) => {
  const keyFile = join(await temporaryFolder(t), 'key.avsc')
  await writeFile(keyFile, '{"type": "string"}')
  const printed = await printByJava(pathOf('schemas/order.avsc'), keyFile)
  assert.deepEqual([orderSchemaText, keySchemaText], printed)
})

test('the text that the unit test knows is the one that Java prints', async () => {
  const known = pathOf('test/unit/service/schema-registry/order-by-java.txt')
  const [printed] = await printByJava(pathOf('schemas/order.avsc'))
  assert.equal((await readFile(known, 'utf8')).trimEnd(), printed)
})

test('a registry that compares texts finds both schemas by what Java prints', async (t) => {
  const client = createRegistryClient({
    baseUrl: infrastructure().schemaRegistryUrl,
    timeoutMs: 20_000,
    clock: systemClock,
  })
  t.after(() => client.close())
  const [order = ''] = await printByJava(pathOf('schemas/order.avsc'))
  for (const [text, javaText] of [
    [orderSchemaText, order],
    [keySchemaText, '"string"'],
  ] as const) {
    const subject = `text-${randomUUID()}`
    const registered = await client.register(subject, text)
    assert.equal(registered.kind, 'registered')
    assert.equal(await client.lookUp(subject, javaText), registered.schemaId)
  }
})
