import autocannon from 'autocannon'
import process from 'node:process'

/**
 * Creates orders as fast as they are answered, or so many a second, in a process of its own; prints one
 * line of JSON. Arguments: url, connections, seconds, orders per second.
 */

const [url = '', connections = '', seconds = '', perSecond] = process.argv.slice(2)
const run = Date.now().toString(36)
let count = 0

const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  ...(perSecond === undefined ? {} : { overallRate: Number(perSecond) }),
  requests: [
    {
      method: 'POST',
      path: '/api/create-order',
      headers: { 'content-type': 'application/json' },
      setupRequest(request) {
        count += 1
        return { ...request, body: `{"orderId":"${run}-${count}","numItems":3}` }
      },
    },
  ],
})

process.stdout.write(
  `${JSON.stringify({
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    maxMs: result.latency.max,
    created: result['2xx'],
    failed: result.non2xx + result.errors,
  })}\n`,
)
