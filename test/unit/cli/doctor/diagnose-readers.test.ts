import assert from 'node:assert/strict'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  diagnoseSecretFiles,
  isReadByAll,
  isOfPlatform,
} from '../../../../src/cli/doctor/diagnose-readers.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** In a folder that everybody may enter, as temporary folders are not. */
async function writeOpenly(t: TestContext, name: string): Promise<string> {
  const folder = await temporaryFolder(t)
  await chmod(folder, 0o755)
  const path = join(folder, name)
  await writeFile(path, 'hush')
  await chmod(path, 0o644)
  return path
}

test('a secret that everybody may read is a warning that names its setting and its path', async (t) => {
  const path = await writeOpenly(t, 'password')
  assert.deepEqual(diagnoseSecretFiles([{ names: ['KAFKA_SASL_PASSWORD_FILE'], path }]), [
    {
      check: 'secret files',
      verdict: 'warning',
      detail: `${path} (KAFKA_SASL_PASSWORD_FILE) can be read by everybody`,
      action: 'Take the right to read it from others.',
      command: `chmod o= ${path}`,
    },
  ])
  await chmod(path, 0o640)
  assert.deepEqual(diagnoseSecretFiles([{ names: ['KAFKA_SASL_PASSWORD_FILE'], path }]), [])
})

test('nobody reads a file behind a folder that keeps others out, also by a link', async (t) => {
  const path = await writeOpenly(t, 'password')
  const link = join(await temporaryFolder(t), 'link')
  await symlink(path, link)
  assert.deepEqual([isReadByAll(path), isReadByAll(link)], [true, true])
  const inner = join(dirname(path), 'inner')
  await mkdir(inner, { mode: 0o755 })
  await writeFile(join(inner, 'password'), 'hush', { mode: 0o644 })
  assert.equal(isReadByAll(join(inner, 'password')), true)
  await chmod(dirname(path), 0o750)
  assert.deepEqual(
    [path, link, join(inner, 'password')].map((one) => isReadByAll(one)),
    [false, false, false],
  )
})

test('a file that is not there, or on Windows, is no finding', async (t) => {
  const path = await writeOpenly(t, 'password')
  assert.equal(isReadByAll(`${path}-of-nobody`), false)
  assert.equal(isReadByAll(path, 'win32'), false)
})

test('a secret that Kubernetes mounts is read by its container alone', async (t) => {
  const path = await writeOpenly(t, 'password')
  const folder = dirname(path)
  const written = join(folder, '..2026_11_29_01_02_03.1234567890')
  await mkdir(written)
  await chmod(written, 0o755)
  await writeFile(join(written, 'token'), 'hush')
  await chmod(join(written, 'token'), 0o644)
  await symlink('..2026_11_29_01_02_03.1234567890', join(folder, '..data'))
  await symlink(join('..data', 'token'), join(folder, 'token'))
  assert.equal(isReadByAll(join(folder, 'token')), false)
})

test('a secret that Docker or Podman mounts is, too, and the same folder elsewhere is not', () => {
  assert.equal(isOfPlatform('/run/secrets/password', true), true)
  assert.equal(isOfPlatform('/run/secrets/password', false), false)
  assert.equal(isOfPlatform('/srv/cart/.env', true), false)
})
