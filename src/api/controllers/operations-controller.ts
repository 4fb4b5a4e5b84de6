import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { Operations } from '../../business/operations/operations.ts'
import type { ProblemCode } from '../problems.ts'
import {
  publicationAnswer,
  runAnswer,
  runsAnswer,
  settingsAnswer,
  startRunRequest,
  toPublicationJson,
  toRunJson,
  toSettingJson,
} from '../schemas/operations-json.ts'

/** For those who operate the service: what holds, what is pending, what the tools say. It changes nothing. */

const TAGS = ['Operations']

/** What the last runs of three tools have printed: 4, 4 and 2 million characters, of up to 3 bytes each. */
const RUNS_BYTES_MAX = 32 * 1024 * 1024

const READ_PROBLEMS: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
  'STORE_UNAVAILABLE',
  'SERVICE_FULL',
]

const RUN_PROBLEMS: readonly ProblemCode[] = [
  ...READ_PROBLEMS,
  'BODY_NOT_JSON',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_NOT_SUPPORTED',
  'TOOL_AT_WORK',
  'SERVICE_DRAINING',
]

export function registerOperationsRoutes(
  fastify: FastifyInstance,
  operations: Operations,
  ordersTopic: string,
): void {
  const server = fastify.withTypeProvider<TypeBoxTypeProvider>()

  server.route({
    method: 'GET',
    url: '/api/operations/settings',
    schema: {
      operationId: 'listSettings',
      summary: 'Read the settings',
      description: 'Those that hold, without secrets, and where each comes from.',
      tags: TAGS,
      response: { 200: settingsAnswer },
    },
    config: { problemCodes: READ_PROBLEMS, access: 'admin' },
    handler: async () => ({
      success: true as const,
      message: 'settings',
      data: operations.settings.map(toSettingJson),
    }),
  })

  server.route({
    method: 'GET',
    url: '/api/operations/publication',
    schema: {
      operationId: 'getPublication',
      summary: 'Read what is pending',
      description:
        'Events that are stored and not yet on the topic, with the reason, the partitions, and the ' +
        'instances with their leases.',
      tags: TAGS,
      response: { 200: publicationAnswer },
    },
    config: { problemCodes: READ_PROBLEMS, access: 'admin' },
    handler: async () => {
      const report = await operations.readPublication()
      const { length } = report.pending
      return {
        success: true as const,
        message: `${length}${report.hasMore ? '+' : ''} pending`,
        data: toPublicationJson(report),
      }
    },
  })

  server.route({
    method: 'GET',
    url: '/api/operations/runs',
    schema: {
      operationId: 'listRuns',
      summary: 'Read what the tools say',
      description: 'The last run of each tool of this instance, with its progress or its result.',
      tags: TAGS,
      response: { 200: runsAnswer },
    },
    config: {
      problemCodes: READ_PROBLEMS,
      access: 'admin',
      work: { kind: 'read', bytesMax: () => RUNS_BYTES_MAX },
    },
    handler: async () => ({
      success: true as const,
      message: 'runs',
      data: operations.listRuns().map(toRunJson),
    }),
  })

  server.route({
    method: 'POST',
    url: '/api/operations/runs',
    schema: {
      operationId: 'startRun',
      summary: 'Run a tool',
      description:
        '`cart doctor`, `cart audit`, or a look at the last records of a topic, such as that of the ' +
        'dead letters. In a process of its own, one at a time; it changes nothing. The result is ' +
        'read from the runs.',
      tags: TAGS,
      body: startRunRequest(ordersTopic),
      response: { 202: runAnswer },
    },
    config: { problemCodes: RUN_PROBLEMS, access: 'admin' },
    handler: async (request, reply) => {
      const { tool, ...chosen } = request.body
      // Of what is read, so the other tools have none of it.
      const reading = tool === 'read-topic' ? { topic: ordersTopic, ...chosen } : {}
      const run = operations.startRun({ tool, ...reading })
      const data = toRunJson(run)
      return reply.code(202).send({ success: true as const, message: `${tool} has begun`, data })
    },
  })
}
