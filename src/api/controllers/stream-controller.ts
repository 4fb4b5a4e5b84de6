import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { draining } from '../../business/refusals.ts'
import type { LiveFeed } from '../../business/stream/live-feed.ts'
import type { ProblemCode } from '../problems.ts'
import { eventsRetired } from '../request-errors.ts'
import { notOurs, readStart, streamHeaders, streamRequest } from '../schemas/stream-request.ts'
import { EXAMPLE_STREAM, STREAM_MEDIA_TYPE } from '../schemas/stream-answer.ts'
import { writePlace } from '../stream/event-frame.ts'
import type { EventStreams } from '../stream/event-streams.ts'

const PROBLEMS: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'EVENTS_RETIRED',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'STORE_UNAVAILABLE',
  'SERVICE_FULL',
  'SERVICE_DRAINING',
]

const SCHEMA = {
  operationId: 'followChanges',
  summary: 'Follow the changes of orders',
  description:
    'Every confirmed change as a server-sent event, once, those of one order by its versions, from ' +
    'all instances. It does not end by itself; where callers are known it ends within 15 seconds after its credential is no longer valid. A connection that is lost goes on by Last-Event-ID, ' +
    'at any instance, without a gap and without a repetition. A reader that does not keep up is ' +
    'disconnected, and goes on in the same way. One that is so far behind that orders were retired ' +
    'since is answered 410, with the id after which nothing is missing: it reads the orders anew, and ' +
    'goes on from there.',
  tags: ['Orders'],
  headers: streamHeaders,
  querystring: streamRequest,
  response: {
    200: {
      description: 'The stream. `data` is one event as JSON, with the whole order after it.',
      content: { [STREAM_MEDIA_TYPE]: { schema: { type: 'string' }, example: EXAMPLE_STREAM } },
    },
  },
}

export interface StreamDeps {
  readonly feed: Pick<LiveFeed, 'findStart'>
  readonly streams: EventStreams
  readonly isDraining: () => boolean
}

export function registerStreamRoute(
  fastify: FastifyInstance,
  { feed, streams, isDraining }: StreamDeps,
): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  function assertOpen(): void {
    if (isDraining()) throw draining()
    streams.assertRoom()
  }

  server.route({
    method: 'GET',
    url: '/api/events/stream',
    schema: SCHEMA,
    config: { problemCodes: PROBLEMS, work: { kind: 'stream' }, access: 'orders:read' },
    handler: async (request, reply) => {
      const { orderId, status } = request.query
      const { field, start: asked } = readStart(request.headers, request.query)
      assertOpen()
      const found = await feed.findStart(asked)
      if (found.kind === 'not-ours') throw notOurs(field)
      if (found.kind === 'retired') throw eventsRetired(field, writePlace(found.until))
      // It is UTF-8 in any case, but many read the texts of text/* as Latin-1.
      reply.type(`${STREAM_MEDIA_TYPE}; charset=utf-8`)
      // A proxy that compresses would keep events back until it has enough of them.
      reply.header('cache-control', 'no-store, no-transform')
      // Nginx would keep events back to send them together.
      reply.header('x-accel-buffering', 'no')
      // Others may have come, and the end, while the store was asked.
      assertOpen()
      reply.hijack()
      reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>)
      if (request.method === 'HEAD') return void reply.raw.end()
      const filter = {
        ...(orderId === undefined ? {} : { orderId }),
        ...(status === undefined ? {} : { status }),
      }
      streams.open(reply.raw, found.start, filter, () => request.isStillLetIn())
      return undefined
    },
  })

  server.addHook('preClose', (done) => {
    streams.close()
    done()
  })
}
