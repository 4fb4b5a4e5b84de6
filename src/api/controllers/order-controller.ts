import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OrderCommands, OrderQueries } from '../../business/order/commands.ts'
import { emptyBody } from '../json-body.ts'
import type { ProblemCode } from '../problems.ts'
import { orderAnswerSchema, orderMessage, toOrderJson } from '../schemas/order-json.ts'
import { createOrderRequest, orderPath, updateOrderRequest } from '../schemas/order-requests.ts'
import { readTraceparent } from '../traceparent.ts'

const CREATED = 'created successfully'
const UPDATED = 'updated successfully'
const FOUND = 'found'

/** What any change can be answered with. */
const COMMAND_PROBLEMS: readonly ProblemCode[] = [
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

/** Before validation, because an id is judged without the spaces around it. */
function trimOrderId(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const { body } = request
  if (body === undefined) throw emptyBody()
  if (typeof body === 'object' && body !== null && 'orderId' in body) {
    if (typeof body.orderId === 'string') body.orderId = body.orderId.trim()
  }
  done()
}

function createOrderSchema(maxItemsPerOrder: number) {
  const answer = orderAnswerSchema(CREATED, 'The order is created.', 'pending')
  const headers = {
    Location: { type: 'string', description: '/api/orders/ and the id, percent-encoded.' },
  }
  return {
    operationId: 'createOrder',
    summary: 'Create an order',
    description:
      'Creates an order with the given number of generated items. 201 means that the event is ' +
      'acknowledged by Kafka and recorded in the store.',
    tags: ['Orders'],
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
  body: updateOrderRequest,
  response: { 200: orderAnswerSchema(UPDATED, 'The order has the new status.', 'confirmed') },
}

const GET_ORDER_SCHEMA = {
  operationId: 'getOrder',
  summary: 'Read an order',
  description:
    'The order as its last confirmed change left it. A change that may still vanish is never shown.',
  tags: ['Orders'],
  params: orderPath,
  response: { 200: orderAnswerSchema(FOUND, 'The order.', 'confirmed') },
}

export function registerOrderRoutes(
  fastify: FastifyInstance,
  commands: OrderCommands,
  queries: OrderQueries,
  maxItemsPerOrder: number,
): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  server.route({
    method: 'POST',
    url: '/api/create-order',
    schema: createOrderSchema(maxItemsPerOrder),
    config: { problemCodes: [...COMMAND_PROBLEMS, 'ORDER_ALREADY_EXISTS'] },
    preValidation: trimOrderId,
    handler: async (request, reply) => {
      const { orderId, numItems } = request.body
      const traceContext = readTraceparent(request.headers)
      const order = await commands.createOrder({ orderId, numItems, ...traceContext })
      reply.code(201).header('location', `/api/orders/${encodeURIComponent(order.orderId)}`)
      return {
        success: true as const,
        message: orderMessage(order.orderId, CREATED),
        data: toOrderJson(order),
      }
    },
  })

  server.route({
    method: 'PUT',
    url: '/api/update-order',
    schema: UPDATE_ORDER_SCHEMA,
    config: {
      problemCodes: [...COMMAND_PROBLEMS, 'ORDER_NOT_FOUND', 'STATUS_TRANSITION_NOT_ALLOWED'],
    },
    preValidation: trimOrderId,
    handler: async (request) => {
      const { orderId, status } = request.body
      const traceContext = readTraceparent(request.headers)
      const order = await commands.changeOrderStatus({ orderId, status, ...traceContext })
      return {
        success: true as const,
        message: orderMessage(order.orderId, UPDATED),
        data: toOrderJson(order),
      }
    },
  })

  server.route({
    method: 'GET',
    url: '/api/orders/:orderId',
    schema: GET_ORDER_SCHEMA,
    config: {
      problemCodes: [
        'REQUEST_INVALID',
        'ORDER_NOT_FOUND',
        'HEADERS_TOO_LARGE',
        'INTERNAL',
        'STORE_UNAVAILABLE',
      ],
    },
    handler: async (request) => {
      const order = await queries.getOrder(request.params.orderId)
      return {
        success: true as const,
        message: orderMessage(order.orderId, FOUND),
        data: toOrderJson(order),
      }
    },
  })
}
