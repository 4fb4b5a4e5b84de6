/**
 * Lines of the log for people at a terminal: `12:30:01.250 WARN  Kafka is down: …  dependency=kafka`. What
 * comes in is what the log would be elsewhere, one JSON text a line.
 */
import { styleText } from 'node:util'
import { escapeHidden } from '../models/visible-text.ts'

const LEVELS: Readonly<Record<number, { readonly name: string; readonly style: LineStyle }>> = {
  10: { name: 'TRACE', style: 'dim' },
  20: { name: 'DEBUG', style: 'dim' },
  30: { name: 'INFO', style: 'green' },
  40: { name: 'WARN', style: 'yellow' },
  50: { name: 'ERROR', style: 'red' },
  60: { name: 'FATAL', style: 'red' },
}

type LineStyle = 'dim' | 'green' | 'yellow' | 'red'

/** Known by the terminal, or said by the message. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err'])

const BARE_VALUE = /^[\w.:/@-]+$/u

/** `isColoured`: the terminal shows colours, and nobody has asked for none. */
export function toTerminalLine(json: string, isColoured: boolean): string {
  const record = JSON.parse(json) as Record<string, unknown>
  const paint = (style: LineStyle, text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text
  const { name, style } = LEVELS[Number(record['level'])] ?? { name: '?', style: 'dim' }
  const time = new Date(Number(record['time'])).toISOString().slice(11, -1)
  const { msg } = record
  const message = typeof msg === 'string' ? msg : ''
  const [first = '', ...others] = message.split('\n')
  const fields = Object.entries(record)
    .filter(([key, value]) => !LEFT_OUT.has(key) && !isSaid(message, value))
    .map(([key, value]) => `${key}=${toValue(value)}`)
  const parts = [
    paint('dim', time),
    paint(style, name.padEnd(5)),
    escapeHidden(first),
    ...(fields.length === 0 ? [] : [paint('dim', escapeHidden(fields.join(' ')))]),
  ]
  return `${parts.join(' ')}\n${others.map(below).join('')}${stackOf(record['err'])}`
}

function isSaid(message: string, value: unknown): boolean {
  return typeof value === 'string' && message.includes(value)
}

function toValue(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1_000) / 1_000)
  if (typeof value === 'string' && BARE_VALUE.test(value)) return value
  return JSON.stringify(value)
}

/** What belongs to the line above; so nobody's words look like a line of the log. */
function below(line: string): string {
  return `    ${escapeHidden(line)}\n`
}

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return ''
  return String(error.stack).split('\n').map(below).join('')
}
