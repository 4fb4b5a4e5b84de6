/**
 * The health check of the image: exits with 0 where the service beside it is ready, else with 1 and why.
 * It reads its settings by itself: to read and check all of them takes longer than to ask.
 */
import { request as askPlain, type IncomingMessage } from 'node:http'
import { request as askByTls } from 'node:https'
import process from 'node:process'
import { escapeHidden } from './models/visible-text.ts'

const ASKED_MS_MAX = 4_000

const ANSWER_BYTES_MAX = 2_000

const LISTENS_EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function setting(name: string): string | undefined {
  const text = process.env[name]
  return text === '' ? undefined : text
}

/** The operators' port asks for no certificate, whatever the first one does. */
function ask(): ReturnType<typeof askPlain> {
  const managementPort = setting('MANAGEMENT_PORT')
  const host =
    managementPort === undefined
      ? (setting('API_HOST') ?? '127.0.0.1')
      : (setting('MANAGEMENT_HOST') ?? 'localhost')
  const options = {
    host: LISTENS_EVERYWHERE[host] ?? host,
    port: managementPort ?? setting('API_PORT') ?? '8000',
    path: '/health/ready',
    // Not the name of the machine, which ALLOWED_HOSTS may leave out.
    headers: { host: 'localhost' },
    signal: AbortSignal.timeout(ASKED_MS_MAX),
  }
  if (managementPort !== undefined || setting('API_TLS_CERT_FILE') === undefined) {
    return askPlain(options)
  }
  // It asks itself. The certificate has the name by which others know the service.
  return askByTls({ ...options, rejectUnauthorized: false })
}

/** Another program may have answered, and the text is read at a terminal. */
function end(code: number, text: string): void {
  process.stdout.write(`${escapeHidden(text)}\n`, () => process.exit(code))
}

ask()
  .on('response', (response: IncomingMessage) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(0, ANSWER_BYTES_MAX)
    })
    response.on('end', () => {
      const isReady = response.statusCode === 200
      end(isReady ? 0 : 1, isReady ? 'ready' : text)
    })
  })
  .on('error', (error: Error) => end(1, error.message))
  .end()
