import assert from 'node:assert/strict'
import type { FastifyInstance } from 'fastify'

/** The parts of our OpenAPI document that tests look at. */

interface MediaType {
  readonly schema?: { readonly $ref?: string }
  readonly example?: unknown
  readonly examples?: Record<string, { value: unknown }>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly example?: unknown
  readonly examples?: unknown
  readonly schema: {
    readonly example?: unknown
    readonly examples?: unknown
    readonly pattern?: string
  }
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly Parameter[]
  readonly 'x-codeSamples': readonly object[]
  readonly requestBody?: { readonly content: Record<string, MediaType> }
  readonly responses: Record<
    string,
    {
      readonly description: string
      readonly headers?: object
      /** None where nothing is sent. */
      readonly content?: Record<string, MediaType>
    }
  >
}

export interface OpenApi {
  readonly openapi: string
  readonly security?: readonly object[]
  readonly servers: readonly { readonly url: string }[]
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, object> }
}

export async function readOpenApi(server: FastifyInstance): Promise<OpenApi> {
  const headers = { host: 'localhost:8000' }
  const response = await server.inject({ url: '/openapi.json', headers })
  assert.equal(response.statusCode, 200)
  assert.match(String(response.headers['content-type']), /^application\/json/)
  return response.json()
}

export function operationsOf({ paths }: OpenApi): [name: string, Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

export function operationAt(document: OpenApi, name: string): Operation {
  const operation = operationsOf(document).find(([candidate]) => candidate === name)?.[1]
  assert.ok(operation, `${name} is not documented`)
  return operation
}
