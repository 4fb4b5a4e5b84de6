import type { FastifyInstance } from 'fastify'
import type { EventContract } from '../models/event-contract.ts'
import { createAsyncApi } from './async-api.ts'
import type { ServiceInfo } from './controllers/health-controller.ts'
import { EVENTS_PAGE_CSP, renderEventsPage } from './events-page.ts'
import type { SiteFacts } from './site-header.ts'

/** The events for people and tools: /asyncapi.json, its page at /asyncapi, /schemas/order.avsc. */
export function registerEventPages(
  server: FastifyInstance,
  contract: EventContract,
  info: ServiceInfo & SiteFacts,
): void {
  const document = createAsyncApi(contract, info)
  const documentText = JSON.stringify(document)
  const page = renderEventsPage(document, info)

  server.route({
    method: 'GET',
    url: '/asyncapi.json',
    schema: { hide: true },
    config: { access: 'known' },
    handler: async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(documentText),
  })
  server.route({
    method: 'GET',
    url: '/asyncapi',
    schema: { hide: true },
    config: { access: 'known', page: 'asyncapi' },
    handler: async (_request, reply) =>
      reply
        .header('content-security-policy', EVENTS_PAGE_CSP)
        .type('text/html; charset=utf-8')
        .send(page),
  })
  server.route({
    method: 'GET',
    url: '/schemas/order.avsc',
    schema: { hide: true },
    config: { access: 'known' },
    // Avro has registered no type of its own; AsyncAPI names its schemas by this one.
    handler: async (_request, reply) =>
      reply.type('application/vnd.apache.avro+json').send(contract.valueSchemaText),
  })
}
