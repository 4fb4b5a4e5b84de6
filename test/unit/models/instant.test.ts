import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toUtc } from '../../../src/models/instant.ts'

function digits(number: number): string {
  return String(Math.floor(number)).padStart(2, '0')
}

test('an instant is the same whatever zone it is written in', () => {
  const dates = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9998-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, fc.integer({ min: -1_439, max: 1_439 }), (date, offsetMinutes) => {
      const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
      const [hours, minutes] = [Math.abs(offsetMinutes) / 60, Math.abs(offsetMinutes) % 60]
      const sign = offsetMinutes < 0 ? '-' : '+'
      const zone = `${sign}${digits(hours)}:${digits(minutes)}`
      assert.equal(toUtc(local + zone), date.toISOString())
      assert.equal(toUtc(date.toISOString()), date.toISOString())
    }),
  )
})

test('digits beyond the millisecond are cut off, not rounded', () => {
  assert.equal(toUtc('2026-12-31T23:59:59.99999Z'), '2026-12-31T23:59:59.999Z')
  assert.equal(toUtc('2026-12-31T23:59:59.5Z'), '2026-12-31T23:59:59.500Z')
})

test('takes what RFC 3339 takes, in lower case too, and what is written elsewhere', () => {
  for (const text of [
    '2026-01-31T12:00:00z',
    '2026-01-31t12:00:00Z',
    '2026-01-31T12:00Z',
    '2026-01-31T12:00:00,000Z',
    '2026-01-31T13:00+01',
    '2026-01-31T17:30:00+0530',
    '2026-01-31T12:00:00-00:00',
  ]) {
    assert.equal(toUtc(text), '2026-01-31T12:00:00.000Z', text)
  }
})

test('what names no instant is none', () => {
  const texts = [
    '2026-02-30T00:00:00Z',
    '2026-01-01T00:00.5Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+10:60',
    '2026-01-01T24:00:00Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00Z',
    '20260101T000000Z',
    '2026-W01-1T00:00:00Z',
    '+12026-01-01T00:00:00Z',
    '0000-01-01T00:00:00+00:01',
  ]
  for (const text of texts) assert.equal(toUtc(text), undefined, text)
})
