import assert from 'node:assert/strict'
import type { ServiceProcess } from './service-process.ts'
import { until } from './until.ts'

/** What the service says and does while it is not let in, and `sentence` is why. */
export function watchRefusals(service: ServiceProcess, sentence: string) {
  const health = async (): Promise<string> => (await fetch(`${service.url}/health`)).text()
  // Sessions end one by one, each lane with its own: so an order a try.
  let tries = 0
  const createNext = (): Promise<Response> => create(service, `ORD-${(tries += 1)}`)
  return {
    createNext,
    assertRefused: async (): Promise<void> => {
      await until(async () => (await health()).includes(sentence), 'health names the credential')
      let refused = await createNext()
      await until(async () => {
        if (refused.status === 201) refused = await createNext()
        return refused.status !== 201
      }, 'a change is refused')
      assert.equal(refused.status, 503)
      assert.equal(((await refused.json()) as { outcome: string }).outcome, 'not-applied')
    },
    assertTaken: async (): Promise<void> => {
      await until(async () => (await createNext()).status === 201, 'changes are taken')
      await until(async () => !(await health()).includes(sentence), 'health is well again')
    },
  }
}

export function create({ url }: ServiceProcess, orderId: string): Promise<Response> {
  return fetch(`${url}/api/create-order`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, numItems: 1 }),
  })
}
