import { readdirSync } from 'node:fs'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyRequest,
  FastifySchema,
  RouteOptions,
} from 'fastify'
import { pathNotFound } from './request-errors.ts'
import { answerFromKept } from './kept-answers.ts'
import { LABELS_SCRIPT } from './docs-labels.ts'
import { markup } from './markup.ts'
import { renderHeaderScript, renderSiteHeader, SITE_LINKS, type SiteFacts } from './site-header.ts'
import { codeSamplesFor, SAMPLE_ORIGIN } from './code-samples.ts'
import type { ProblemCode } from './problems.ts'
import { problemResponses } from './schemas/problem-json.ts'
import { isServed, serveFile } from './static-files.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problems that the route's documentation names. */
    readonly problemCodes?: readonly ProblemCode[]
  }
}

/** Of an empty style element, into which both bundles put their rules by script. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

/** Of the one style element with text that Swagger UI writes. */
const SWAGGER_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"

/**
 * Nothing leaves: the pages show, and ask, only what this service serves. Redoc searches in a worker
 * that it makes from a blob.
 */
const DOCS_CSP = [
  "default-src 'self'",
  "script-src 'self'",
  `style-src 'self' ${EMPTY_STYLE} ${SWAGGER_STYLE}`,
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const REDOC_BUNDLE = new URL(import.meta.resolve('redoc/bundles/redoc.standalone.js'))

const SWAGGER_FOLDER = new URL('static/', import.meta.resolve('@fastify/swagger-ui'))

/** The plugin has this one made anew, with our settings. */
const NOT_AS_IT_IS = new Set(['index.html'])

// Relative, so that the page works behind a proxy that serves it under a prefix.
function renderRedocPage(site: SiteFacts): string {
  return markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>CartService API</title>
    <link rel="icon" href="data:,">
    ${SITE_LINKS}
    <link rel="stylesheet" href="console/other-pages.css">
  </head>
  <body>
    ${renderSiteHeader(site, 'redoc')}
    <redoc spec-url="openapi.json" disable-telemetry="true"></redoc>
    <script type="module" src="redoc/redoc.standalone.js"></script>
  </body>
</html>
`.toString()
}

const API_DESCRIPTION = `Orders, stored and published to Kafka. **Every answer is true**: success
means that the event is acknowledged by Kafka and recorded in the store; a 503 says by its
\`outcome\` whether anything happened.

A query parameter that an operation under \`/api\` does not have is answered 400. Spaces around an id mean
nothing, in a path, a query or a body. An optional field of a body that is null is as one that is not there.

Every error is \`application/problem+json\`. Beside those that an operation names, any request can
be answered 403 (a name in the Host header that is not in \`ALLOWED_HOSTS\`), 404 (unknown path), 405 (wrong method, with \`Allow\`), 408 or 431 (it arrived too slowly,
or its headers are too large), 503 \`SERVICE_FULL\` (more is asked for than can be answered). Every answer carries \`x-request-id\`; a \`traceparent\` that a request
carries is passed on to the event.`

/** As one name in the document and on its page. */
const SCHEME = 'credential'

const BEARER_SCHEME = {
  type: 'http',
  scheme: 'bearer',
  description: 'An API key (`npx cart keys new` makes one), or a token of the identity provider.',
} as const

const CALLER_PROBLEMS: readonly ProblemCode[] = [
  'CREDENTIAL_MISSING',
  'CREDENTIAL_REFUSED',
  'SCOPE_MISSING',
  'IDENTITY_PROVIDER_UNAVAILABLE',
]

function documentRoute(
  schema: FastifySchema | undefined,
  { problemCodes = [], access }: FastifyContextConfig,
  asksCallers: boolean,
): FastifySchema {
  const isAsked = asksCallers && access !== 'open'
  const codes = isAsked ? [...problemCodes, ...CALLER_PROBLEMS] : problemCodes
  const response = schema?.response as Record<string, unknown> | undefined
  return {
    ...schema,
    ...(isAsked && { security: [{ [SCHEME]: [] }] }),
    // The route's own answer wins: readiness has a 503 that is no problem.
    response: { ...problemResponses(codes), ...response },
  }
}

function sampleCalls(schema: FastifySchema | undefined): object {
  const operationId = schema !== undefined && 'operationId' in schema ? schema.operationId : ''
  return { 'x-codeSamples': codeSamplesFor(operationId ?? '') }
}

const SERVER_NAME = 'This service'

/**
 * Of a Host header, which callers choose: nothing but a name and a port gets into the document, where it
 * stands many times. No name is longer (RFC 1035 §2.3.4).
 */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i

/** The samples send to where the document was asked for, or where all browsers are told to ask. */
function withOrigin(
  document: string,
  { host, protocol }: FastifyRequest,
  publicUrl: string | undefined,
): string {
  const origin = publicUrl ?? (HOST.test(host) ? `${protocol}://${host}` : SAMPLE_ORIGIN)
  return document.replaceAll(SAMPLE_ORIGIN, origin)
}

interface DocsSettings {
  readonly version: string
  readonly asksCallers: boolean
  /** With the path that a proxy puts before ours. */
  readonly publicUrl: string | undefined
}

/** Call before the routes are registered: the document is made of them. */
export async function collectOpenApi(
  server: FastifyInstance,
  { version, asksCallers, publicUrl }: DocsSettings,
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'CartService',
        version,
        description: API_DESCRIPTION,
        license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: publicUrl ?? '/', description: SERVER_NAME }],
      // Said, because without it readers of the document take the rule for forgotten.
      security: [],
      ...(asksCallers && { components: { securitySchemes: { [SCHEME]: BEARER_SCHEME } } }),
      tags: [
        { name: 'Orders', description: 'Create orders and change their status' },
        { name: 'Service', description: 'What runs here, and how it is' },
        { name: 'Operations', description: 'What holds, what is pending, what the tools say' },
      ],
    },
    // The problems are added here and not in the routes, where Fastify would compile a serializer
    // for each, and none is used.
    transform: ({ schema, url, route }) => ({
      schema: route.config?.problemCodes
        ? { ...documentRoute(schema, route.config, asksCallers), ...sampleCalls(schema) }
        : schema,
      url,
    }),
    refResolver: {
      buildLocalReference: (schema, _baseUri, _fragment, index) =>
        typeof schema.$id === 'string' ? schema.$id : `Schema${index}`,
    },
  })
}

function registerOpenApiRoute(server: FastifyInstance, publicUrl: string | undefined): void {
  let document: string | undefined
  server.route({
    method: 'GET',
    url: '/openapi.json',
    schema: { hide: true },
    config: { access: 'known' },
    handler: async (request, reply) => {
      document ??= JSON.stringify(server.swagger())
      return reply
        .type('application/json; charset=utf-8')
        .send(withOrigin(document, request, publicUrl))
    },
  })
}

function registerRedoc(server: FastifyInstance, site: Site): void {
  const page = renderRedocPage(site)
  server.route({
    method: 'GET',
    url: '/redoc',
    schema: { hide: true },
    config: { access: 'known', page: 'redoc' },
    handler: async (_request, reply) =>
      reply.header('content-security-policy', DOCS_CSP).type('text/html; charset=utf-8').send(page),
  })
  serveFile(server, {
    url: '/redoc/redoc.standalone.js',
    file: REDOC_BUNDLE,
    headers: { 'content-security-policy': DOCS_CSP },
    convert: withoutLogo,
  })
}

/** Of its maker, for which the page would ask another host. Where it does not load, it is not shown. */
function withoutLogo(bundle: Buffer): Buffer {
  const logo = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(?:-full)?\.svg/gu
  return Buffer.from(bundle.toString().replaceAll(logo, 'data:,'))
}

async function registerSwaggerUi(server: FastifyInstance, site: Site): Promise<void> {
  await server.register(async (scope) => {
    // The plugin writes them for each request: as YAML that takes longer than hundreds of orders.
    answerFromKept(scope, ['/docs/json', '/docs/yaml'])
    // The page without a slash at its end has whole paths, which a proxy's prefix is not in.
    scope.addHook('onSend', (request, _reply, payload, done) => {
      const isBare = request.routeOptions.url === '/docs' && typeof payload === 'string'
      done(null, isBare ? payload.replaceAll('"/docs/static/', '"docs/static/') : payload)
    })
    scope.addHook('onRoute', (route: RouteOptions) => {
      const isPage = route.url === '/docs' || route.url === '/docs/'
      route.config = { access: 'known', ...(isPage && { page: 'docs' }), ...route.config }
    })
    // The static files refuse a strange path in several ways; to a caller nothing is there.
    scope.setErrorHandler((error: Error & { statusCode?: number }) => {
      if ((error.statusCode ?? 500) >= 500) throw error
      throw pathNotFound('this path')
    })
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      // A policy of our own also drops the default's upgrade-insecure-requests, with which the page
      // stays blank over http anywhere but on localhost.
      staticCSP: DOCS_CSP,
      theme: {
        title: 'CartService API',
        js: [
          { filename: 'header.js', content: renderHeaderScript(site) },
          { filename: 'labels.js', content: LABELS_SCRIPT },
        ],
      },
      // Its document is one level down; as seen from there, this is where the service begins.
      transformSpecification: (document) => ({
        ...document,
        servers: [{ url: site.publicUrl ?? '../', description: SERVER_NAME }],
      }),
      transformSpecificationClone: false,
      uiConfig: {
        tryItOutEnabled: true,
        displayRequestDuration: true,
        // Without the bar that loads other documents: the policy lets it load none.
        layout: 'BaseLayout',
      },
    })
    // In front of the plugin's own, which opens the file for each request.
    for (const name of readdirSync(SWAGGER_FOLDER).filter(isServed)) {
      if (NOT_AS_IT_IS.has(name)) continue
      serveFile(scope, {
        url: `/docs/static/${name}`,
        file: new URL(name, SWAGGER_FOLDER),
        headers: { 'content-security-policy': DOCS_CSP },
      })
    }
  })
}

export interface Site extends SiteFacts {
  /** Absent: it is known by the address that it is asked under. */
  readonly publicUrl: string | undefined
}

/** /openapi.json, Swagger UI at /docs and ReDoc at /redoc, with all that they load. */
export async function registerDocsPages(server: FastifyInstance, site: Site): Promise<void> {
  registerOpenApiRoute(server, site.publicUrl)
  registerRedoc(server, site)
  await registerSwaggerUi(server, site)
}
