import type { Attack } from './harness.ts'
import { SMUGGLED_ID, type Shape } from './shapes/shape.ts'
import { SHAPES, tryShape } from './shapes/shapes.ts'

const AT_ONCE = 16

export const httpShapes: Attack = {
  name: 'http-shapes',
  about: 'what may be said on a connection, and what may not',
  async run(place) {
    const { port, url } = await place.start()
    const waiting = [...SHAPES]
    const faults: string[] = []
    const work = async (): Promise<void> => {
      for (let shape = waiting.shift(); shape !== undefined; shape = waiting.shift()) {
        const { name } = shape
        const found = await tryShape(port, shape).catch((error: Error) => [error.message])
        faults.push(...found.map((fault) => `${name}: ${fault}`))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    faults.push(...(await findOrderFaults(url, SHAPES)))
    const cameBack = `${SHAPES.length - new Set(faults).size} as the table says`
    return { sent: `${SHAPES.length} shapes`, cameBack, faults }
  },
}

async function findOrderFaults(url: string, shapes: readonly Shape[]): Promise<string[]> {
  const isThere = async (orderId: string): Promise<boolean> =>
    (await fetch(`${url}/api/orders/${orderId}`)).ok
  const faults = (await isThere(SMUGGLED_ID)) ? ['a smuggled order was created'] : []
  for (const { creates, name } of shapes) {
    if (creates !== undefined && !(await isThere(creates))) faults.push(`${name}: no order`)
  }
  return faults
}
