import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { EraseOrder, ErasedOrder } from '../../business/order/erase-order.ts'
import { leavingOf } from '../admission/stay.ts'
import { entityTag } from '../entity-tags.ts'
import { scopeMissing } from '../request-errors.ts'
import { erasedAnswer, erasureRequest, toErasedJson } from '../schemas/erasure-json.ts'
import { readTraceparent } from '../traceparent.ts'
import { CHANGE_PROBLEMS } from './order-controller.ts'

export type EraseOrderCommand = (command: EraseOrder) => Promise<ErasedOrder>

/** For those who operate the service: the data of a person. */
export function registerErasureRoute(
  fastify: FastifyInstance,
  eraseOrder: EraseOrderCommand,
): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  server.route({
    method: 'POST',
    url: '/api/operations/erasures',
    schema: {
      operationId: 'eraseOrder',
      summary: 'Erase whose order it is',
      description:
        'Publishes a last event of a closed order, without its customer, and takes the customer out ' +
        'of all that the store has of it. Where the topic is compacted, a tombstone follows. The ' +
        'order takes no change any more. The same request again is safe.',
      tags: ['Operations'],
      body: erasureRequest,
      response: { 200: erasedAnswer },
    },
    config: {
      problemCodes: [...CHANGE_PROBLEMS, 'ORDER_NOT_FOUND', 'ORDER_STILL_OPEN'],
      work: { kind: 'change' },
      access: 'admin',
    },
    handler: async (request, reply) => {
      // A key for monitoring has `admin`, and must not do this.
      if (request.caller?.scopes.has('orders:write') === false) throw scopeMissing('orders:write')
      const erased = await eraseOrder({
        orderId: request.body.orderId,
        leaving: () => leavingOf(reply.raw),
        ...(request.caller && { principal: request.caller.principal }),
        ...readTraceparent(request.headers),
      })
      reply.header('etag', entityTag(erased.version))
      return toErasedJson(erased)
    },
  })
}
