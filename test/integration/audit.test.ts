import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { findFreePort } from '../../dev-services/ports.ts'
import { runCart as cart, startCart } from '../support/cart-command.ts'
import { startOrderLoad } from '../fault/harness/order-load.ts'
import { freshSettings, startOwnService } from '../support/own-service.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

test('the audit agrees while the service works, and tells what was done behind its back', async (t) => {
  const path = `${await temporaryFolder(t)}/cart.db`
  const settings = freshSettings(`sqlite:${path}`)
  const service = await startOwnService(t, settings)
  const load = startOrderLoad({ urls: [service.url] })
  t.after(() => load.stop())
  await until(() => load.journal.confirmedCount > 300, 'the load runs well')

  const busy = await cart(['audit', '--json'], settings)
  assert.equal(busy.code, 0, busy.stdout + busy.stderr)
  const report = JSON.parse(busy.stdout) as { agrees: boolean; topicCount: number }
  assert.ok(report.agrees)
  assert.ok(report.topicCount >= 300)

  await load.stop()
  await service.end('SIGTERM')
  const idle = await cart(['audit'], settings)
  assert.match(idle.stdout, /^Topic and store agree: \d+ events on the topic, \d+ in the store, 0 /)

  {
    using db = new DatabaseSync(path)
    db.exec('PRAGMA foreign_keys = off')
    db.exec(`UPDATE order_events SET value = x'00' WHERE id = 1`)
    db.exec(`UPDATE order_events SET topic_offset = topic_offset + 1 WHERE id = 2`)
    db.exec(`DELETE FROM order_events WHERE id = 3`)
  }
  const harmed = await cart(['audit'], settings)
  assert.equal(harmed.code, 1)
  for (const kind of ['altered', 'misplaced', 'unknown'])
    assert.match(harmed.stdout, RegExp(`^  1 ${kind}: on the topic`, 'mu'))
})

test('an audit that goes on answers its result to a scraper, and ends when it is told to', async (t) => {
  const settings = freshSettings(`sqlite:${await temporaryFolder(t)}/cart.db`)
  const service = await startOwnService(t, settings)
  const port = await findFreePort()
  const args = ['audit', '--watch', '--metrics-port', String(port)]
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  {
    // As the page of the alert has it: it says on which server it failed, and is started again.
    await using failing = startCart(args, { ...settings, KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' })
    const said = /could not be made: .*127\.0\.0\.1:1/
    await until(() => said.test(failing.stderr()), 'it names what it could not reach')
    const text = await scrape()
    assert.match(text, /^cart_audit_completed_timestamp_seconds 0$/m)
    assert.match(text, /^cart_audit_failures_total 1$/m)
  }
  await using watch = startCart(args, settings)
  await watch.untilLines(1)
  assert.match(watch.lines[0] ?? '', /^\S+Z  Topic and store agree: 0 events/)
  const text = await scrape()
  assert.match(text, /^cart_audit_differences 0$/m)
  assert.doesNotMatch(text, /^cart_audit_completed_timestamp_seconds 0$/m)
  watch.signal('SIGTERM')
  assert.equal(await watch.exited, 0)
  await service.end('SIGTERM')
})

test('a command that cannot be done ends with 2 and a sentence', async () => {
  const unknown = await cart(['autid'], {})
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /^There is no command 'autid'\. Did you mean 'audit'\?\n/)
  const settings = {
    KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1',
    DATABASE_URL: 'sqlite:/nowhere/cart.db',
  }
  const away = await cart(['audit'], settings)
  assert.equal(away.code, 2)
  assert.match(away.stderr, /127\.0\.0\.1:1/)
  const memory = await cart(['audit'], { ...settings, DATABASE_URL: 'sqlite::memory:' })
  assert.equal(memory.code, 2)
  assert.match(memory.stderr, /in memory/)
})
