import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChangedOrder, OrderCommands } from '../../business/order/commands.ts'
import { readCreation, tidyCreation } from '../brought-order.ts'
import { entityTag, ifMatchHeader, readExpectedVersions } from '../entity-tags.ts'
import { creationBytesMax } from '../json-body.ts'
import { leavingOf } from '../admission/stay.ts'
import type { ProblemCode } from '../problems.ts'
import { orderAnswerSchema, orderMessage, toOrderJson } from '../schemas/order-json.ts'
import { createOrderRequest, updateOrderRequest } from '../schemas/order-requests.ts'
import { readTraceparent } from '../traceparent.ts'
import { idempotencyKeyHeader, readRetryKey } from '../request-headers.ts'
import { refusalOf } from '../whole-refusals.ts'

const CREATED = 'created successfully'
const UPDATED = 'updated successfully'

/** What any change can be answered with. */
export const CHANGE_PROBLEMS: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'BODY_NOT_JSON',
  'REQUEST_TIMED_OUT',
  'CHANGE_IN_FLIGHT',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_NOT_SUPPORTED',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'KAFKA_UNAVAILABLE',
  'KAFKA_REFUSED',
  'SCHEMA_REGISTRY_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'SERVICE_FULL',
  'SERVICE_DRAINING',
]

const COMMAND_PROBLEMS: readonly ProblemCode[] = [
  ...CHANGE_PROBLEMS,
  'REQUEST_IN_FLIGHT',
  'IDEMPOTENCY_KEY_REUSED',
]

function tidyBody(maxItemsPerOrder: number) {
  return ({ body }: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    if (typeof body === 'object' && body !== null) {
      tidyCreation(body as Record<string, unknown>, maxItemsPerOrder)
    }
    done()
  }
}

const ANSWER_HEADERS = {
  ETag: { type: 'string', description: 'The version of the order, in quotes.' },
  'Idempotent-Replayed': {
    type: 'string',
    description: 'true: this is the answer to an earlier request with the same Idempotency-Key.',
  },
}

function createOrderSchema(maxItemsPerOrder: number) {
  const answer = orderAnswerSchema(CREATED, 'The order is created.', 'pending')
  const headers = {
    ...ANSWER_HEADERS,
    Location: { type: 'string', description: '/api/orders/ and the id, percent-encoded.' },
  }
  return {
    operationId: 'createOrder',
    summary: 'Create an order',
    description:
      'Creates an order of the items that it brings, or with `numItems` generated ones. What else is ' +
      'not brought is generated, too. 201 means that the event is acknowledged by Kafka and recorded ' +
      'in the store.',
    tags: ['Orders'],
    headers: Type.Object({ 'Idempotency-Key': idempotencyKeyHeader }),
    body: createOrderRequest(maxItemsPerOrder),
    response: { 201: Object.assign(answer, { headers }) },
  }
}

const UPDATE_ORDER_SCHEMA = {
  operationId: 'updateOrder',
  summary: "Change an order's status",
  description:
    'Publishes the whole order with its new status. 200 means that the event is acknowledged by ' +
    'Kafka and recorded in the store.',
  tags: ['Orders'],
  headers: Type.Object({
    'Idempotency-Key': idempotencyKeyHeader,
    'If-Match': ifMatchHeader,
  }),
  body: updateOrderRequest,
  response: {
    200: Object.assign(orderAnswerSchema(UPDATED, 'The order has the new status.', 'confirmed'), {
      headers: ANSWER_HEADERS,
    }),
  },
}

interface OrderRouteSettings {
  readonly maxItemsPerOrder: number
  /** With the path that a proxy puts before ours. */
  readonly publicUrl: string | undefined
}

export function registerOrderRoutes(
  fastify: FastifyInstance,
  commands: OrderCommands,
  { maxItemsPerOrder, publicUrl }: OrderRouteSettings,
): void {
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  server.route({
    method: 'POST',
    url: '/api/create-order',
    schema: createOrderSchema(maxItemsPerOrder),
    config: {
      problemCodes: [...COMMAND_PROBLEMS, 'ORDER_ALREADY_EXISTS'],
      work: { kind: 'change' },
      access: 'orders:write',
      judgesFields: true,
    },
    bodyLimit: creationBytesMax(maxItemsPerOrder),
    preValidation: tidyBody(maxItemsPerOrder),
    handler: async (request, reply) => {
      const { orderId, numItems, brought } = readCreation(
        request.body,
        refusalOf(request),
        maxItemsPerOrder,
      )
      const changed = await commands.createOrder({
        orderId,
        numItems,
        ...(Object.keys(brought).length === 0 ? {} : { brought }),
        leaving: () => leavingOf(reply.raw),
        ...readRetryKey(request, 'create-order', orderId, numItems, brought),
        ...(request.caller && { principal: request.caller.principal }),
        ...readTraceparent(request.headers),
      })
      reply.code(201).header('location', `${prefix}/api/orders/${encodeURIComponent(orderId)}`)
      return toAnswer(reply, changed, CREATED)
    },
  })

  server.route({
    method: 'PUT',
    url: '/api/update-order',
    schema: UPDATE_ORDER_SCHEMA,
    config: {
      problemCodes: [
        ...COMMAND_PROBLEMS,
        'ORDER_NOT_FOUND',
        'VERSION_MOVED',
        'ENTITY_TAG_WEAK',
        'STATUS_TRANSITION_NOT_ALLOWED',
      ],
      work: { kind: 'change' },
      access: 'orders:write',
    },
    handler: async (request, reply) => {
      const { orderId, status } = request.body
      const changed = await commands.changeOrderStatus({
        orderId,
        status,
        leaving: () => leavingOf(reply.raw),
        ...readExpectedVersions(request.headers),
        ...readRetryKey(request, 'update-order', orderId, status),
        ...(request.caller && { principal: request.caller.principal }),
        ...readTraceparent(request.headers),
      })
      return toAnswer(reply, changed, UPDATED)
    },
  })
}

function toAnswer(reply: FastifyReply, { order, version, isReplayed }: ChangedOrder, done: string) {
  reply.header('etag', entityTag(version))
  if (isReplayed) reply.header('idempotent-replayed', 'true')
  return {
    success: true as const,
    message: orderMessage(order.orderId, done),
    data: toOrderJson(order),
  }
}
