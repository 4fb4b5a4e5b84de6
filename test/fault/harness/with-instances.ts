import { startPostgresCluster, type PostgresCluster } from '../../support/postgres-cluster.ts'
import { createTestSchema, type TestSchema } from '../../support/postgres-schema.ts'
import { openTcpLink, type TcpLink } from '../../support/tcp-link.ts'
import { Cart, type CartOptions } from './cart.ts'
import { countBroken } from './measures.ts'
import type { Report } from './report.ts'
import type { ScenarioContext } from './scenario.ts'

/** Three instances on one PostgreSQL, asked by all callers about the same 200 orders. */

export const INSTANCES = 3
const SHARED_ORDERS = 200

export interface SharedCartOptions extends CartOptions {
  readonly mayAnswerLate?: boolean
  /** A session of the service begins with these, unless it says otherwise. */
  readonly roleDefaults?: Readonly<Record<string, string>>
}

export interface SharedCart {
  readonly cart: Cart
  readonly postgres: PostgresCluster
  readonly schema: TestSchema
  /** From the last instance to PostgreSQL. */
  readonly link: TcpLink
}

export async function withInstances(
  context: ScenarioContext,
  act: (shared: SharedCart) => Promise<void>,
  { mayAnswerLate = false, roleDefaults = {}, ...options }: SharedCartOptions = {},
): Promise<Report> {
  await using resources = new AsyncDisposableStack()
  const postgres = await startPostgresCluster()
  resources.defer(() => postgres.close())
  const schema = await createTestSchema(postgres.url)
  for (const [name, value] of Object.entries(roleDefaults)) {
    await schema.sql(`ALTER ROLE cart SET ${name} = '${value}'`)
  }
  const link = await openTcpLink(postgres.port)
  resources.use(link)
  const linked = new URL(schema.url())
  linked.port = String(link.port)
  await using cart = await Cart.start(context, {
    instances: INSTANCES,
    // The harness reads by another role: it has the server's own defaults.
    postgresUrl: asSuperuser(postgres, schema),
    load: { sharedOrders: SHARED_ORDERS, pauseMs: 10 },
    ...options,
    settingsOf: (number) => ({
      // The last one reaches the database by a way of its own.
      DATABASE_URL: number === INSTANCES - 1 ? linked.href : schema.url(),
      ...options.settingsOf?.(number),
    }),
  })
  await act({ cart, postgres, schema, link })
  await cart.stopLoad()
  await cart.untilSettled()
  cart.notes.push(`audit: ${(await cart.service.audit()).trim()}`)
  const report = await cart.finish({ mayAnswerLate })
  const { broken, tookEffect } = countBroken(cart.journal, report.observations.topic)
  cart.notes.push(
    `${broken} connections broke before the answer; ${tookEffect} of these requests took effect`,
  )
  return report
}

function asSuperuser(postgres: PostgresCluster, schema: TestSchema): string {
  const url = new URL(postgres.url)
  url.search = new URL(schema.url()).search
  return url.href
}
