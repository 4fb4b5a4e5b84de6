import { converse, nameOf, Tally } from './conversation.ts'
import type { Attack } from './harness.ts'
import { createRequest, getRequest } from './requests.ts'

/** A page of another origin points its own name at this machine. */

const FORBIDDEN = '403 HOST_NOT_ALLOWED'

/** Of a page: a request that changes nothing has no Origin when it goes to its own. */
function asEvil(request: string): string {
  const origin = request.startsWith('GET') ? '' : '\r\nOrigin: http://evil.example:8000'
  const host = 'Host: evil.example:8000\r\nAccept-Language: en'
  return request.replace('Host: localhost', host + origin)
}

export const foreignHost: Attack = {
  name: 'foreign-host',
  about: 'a page of another origin asks by its own name',
  async run(place) {
    // As `npm start` does, without a setting.
    const { port, url } = await place.start({ API_HOST: '0.0.0.0' })
    const requests = [
      createRequest('EVIL-1'),
      getRequest('/api/orders'),
      getRequest('/api/events/stream'),
      getRequest('/console'),
      getRequest('/health'),
      getRequest('/nowhere'),
    ].map(asEvil)
    const tally = new Tally()
    const named: string[] = []
    await converse(port, requests, tally, {
      inFlight: requests.length,
      onAnswer: (answer) => named.push(nameOf(answer)),
    })
    const order = await fetch(`${url}/api/orders/EVIL-1`)
    return {
      sent: `${requests.length} requests with the Host evil.example`,
      cameBack: tally.text,
      faults: [
        ...(named.every((name) => name === FORBIDDEN) ? [] : [`answered ${named.join(', ')}`]),
        ...(named.length === requests.length ? [] : ['not all were answered']),
        ...(order.status === 404 ? [] : ['the order was created']),
      ],
    }
  },
}
