import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeTopic, plantRecords } from '../support/raw-records.ts'
import type { Attack, Place } from './harness.ts'
import { until } from '../support/until.ts'
import { runTool } from './tools.ts'

/** Text of others reaches a terminal only as text. */

/** Clears the screen, by one byte and by two; turns what follows around; goes back to the line's begin. */
const NASTY = '\u{1b}[2J\u{9b}31m\u{202e}\r'

/** What a terminal obeys, or nobody sees. A line of output ends in a line feed. */
const OBEYED = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u

export const terminalText: Attack = {
  name: 'terminal-text',
  about: "escape sequences in records, a registry's answer and a service's answer",
  stores: ['sqlite'],
  async run(place) {
    const first = await place.start()
    await plantNasty(place)
    const url = await answerNasty(place, 409)
    const { settings } = place
    const runs: ReadonlyArray<readonly [args: readonly string[], more: Record<string, string>]> = [
      [['listen', '--from-beginning', '--exit-at-end'], {}],
      [['listen', '--from-beginning', '--exit-at-end', '--json'], {}],
      [['audit'], {}],
      [['audit', '--json'], {}],
      [['doctor'], { SCHEMA_REGISTRY_URL: url }],
      [['schema', 'check'], { SCHEMA_REGISTRY_URL: url }],
      [['create', 'ORD-1', '--url', url], {}],
      [['create', 'ORD-1', '--url', url, '--json'], {}],
      [['update', 'ORD-1', 'shipped', '--url', url], {}],
      [['create', NASTY, '--url', url], {}],
      [[NASTY], {}],
    ]
    const faults: string[] = []
    let shown = 0
    for (const [args, more] of runs) {
      const { stdout, stderr } = await runTool(args, { ...settings, ...more })
      const output = stdout + stderr
      const name = args[0] === NASTY ? 'an unknown command' : `cart ${args.slice(0, 2).join(' ')}`
      if (OBEYED.test(output)) faults.push(`${name} printed what a terminal obeys`)
      if (output.includes(String.raw`\u001b[2J`)) shown += 1
    }
    // Its log is JSON here, and is read at a terminal all the same.
    await first.end('SIGTERM')
    const service = await place.start({ SCHEMA_REGISTRY_URL: await answerNasty(place, 500) })
    await until(() => service.output().includes(String.raw`\u009b31m`), 'the log has the words')
    if (OBEYED.test(service.output())) faults.push('the log has what a terminal obeys')
    return {
      sent: `ESC, C1, U+202E and CR in records and answers, read by ${runs.length} commands`,
      cameBack: `${shown} showed them written out`,
      faults: [...faults, ...(shown > 0 ? [] : ['no command showed them'])],
    }
  },
}

async function plantNasty({ settings }: Place): Promise<void> {
  const { KAFKA_BOOTSTRAP_SERVERS: servers = '', KAFKA_TOPIC: topic = '' } = settings
  const nasty = Buffer.from(NASTY)
  await makeTopic(servers, topic, 3)
  await plantRecords(servers, topic, [
    { key: nasty, value: nasty, headers: { ce_id: NASTY, ce_type: NASTY, ce_subject: NASTY } },
    {
      key: Buffer.from('ORD-1'),
      value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]),
      headers: { [NASTY]: NASTY },
    },
  ])
}

/** A registry, or a service, whose every answer is a refusal in such words. */
async function answerNasty({ resources }: Place, status: number): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error_code: status, message: NASTY, code: NASTY, detail: NASTY }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
