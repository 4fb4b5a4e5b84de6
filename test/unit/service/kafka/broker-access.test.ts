import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  BrokerAccess,
  PLAIN_ACCESS,
  type BrokerTls,
} from '../../../../src/service/kafka/broker-access.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const TLS: BrokerTls = { serverName: undefined, verifies: 'full' }

function byTls(more: Partial<BrokerTls> = {}): BrokerAccess {
  return new BrokerAccess({ tls: { ...TLS, ...more }, sasl: undefined })
}

async function askedFor(access: BrokerAccess, host: string) {
  return (await access.prepare(host, 1_000)).options.tlsServerName
}

async function timeoutOf(access: BrokerAccess, timeoutMs: number): Promise<number> {
  return (await access.prepare('kafka', timeoutMs)).connectTimeoutMs
}

test('a broker is asked for by its name; an address is none, and a name that is set wins', async () => {
  assert.equal(await askedFor(byTls(), 'kafka-1.example'), true)
  for (const address of ['10.0.0.1', '::1']) {
    assert.equal(await askedFor(byTls(), address), undefined)
  }
  for (const host of ['kafka-1.example', '10.0.0.1']) {
    assert.equal(await askedFor(byTls({ serverName: 'kafka.example' }), host), 'kafka.example')
  }
})

test('a connection has the time that TLS and a directory behind the broker need', async () => {
  assert.equal(await timeoutOf(PLAIN_ACCESS, 1_000), 1_000)
  assert.equal(await timeoutOf(byTls(), 1_000), 5_000)
  assert.equal(await timeoutOf(byTls(), 7_000), 7_000)
})

test('a token file that is replaced makes another credential, and its token is shown', async (t) => {
  const path = join(await temporaryFolder(t), 'token')
  const sasl = { mechanism: 'OAUTHBEARER', origin: { kind: 'file', path }, extensions: {} } as const
  await writeFile(path, 'one\n')
  const access = new BrokerAccess({ tls: undefined, sasl })
  const first = await access.prepare('kafka', 1_000)
  await writeFile(path, 'two\n')
  const second = await access.prepare('kafka', 1_000)
  assert.notEqual(second.revision, first.revision)
  assert.equal(access.revision(), second.revision, 'what is open is replaced, too')
})
