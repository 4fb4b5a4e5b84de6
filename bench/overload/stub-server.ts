import { createServer, type ServerResponse } from 'node:http'
import process from 'node:process'

/**
 * Takes so many creates a second and sheds the others at once, with nothing behind it: what the
 * generator, HTTP and the machine do without the service. Arguments: port, creates per second.
 */

const [port, perSecond] = process.argv.slice(2).map(Number)

const HANDLING_MS = 5
/** In milliseconds of the taken rate: how much it takes at once. */
const BURST_MS = 100

const CREATED = JSON.stringify({ success: true, message: 'Order created', data: {} })
const FULL = JSON.stringify({ success: false, code: 'SERVICE_FULL', outcome: 'not-applied' })

const eachMs = 1_000 / (perSecond ?? 1)
let takenUntilMs = 0

function isTaken(): boolean {
  const nowMs = performance.now()
  if (takenUntilMs > nowMs + BURST_MS) return false
  takenUntilMs = Math.max(takenUntilMs, nowMs) + eachMs
  return true
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-length': body.length }).end(body)
}

createServer({ keepAliveTimeout: 0 }, (request, response) => {
  request.resume()
  if (request.method === 'GET') answer(response, 200, CREATED)
  else if (isTaken()) setTimeout(() => answer(response, 201, CREATED), HANDLING_MS)
  else answer(response, 503, FULL)
}).listen(port, '127.0.0.1')
