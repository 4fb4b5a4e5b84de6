import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ServiceOptions } from '../../support/service-process.ts'
import type { Cart } from '../harness/cart.ts'
import type { Instance } from '../harness/instance.ts'
import type { Scenario } from '../harness/scenario.ts'
import { INSTANCES, withInstances } from '../harness/with-instances.ts'

/** Two versions of the service on one database and one topic, in both directions. */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * As a next release may have it: a column with a default, an index, and a table, on what every change
 * writes. The older version knows nothing of them.
 */
const EXPANSION = `-- expand
ALTER TABLE order_events ADD note text NOT NULL DEFAULT 'none';
ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX orders_by_region ON orders (region, order_date);
CREATE TABLE notes (order_id text PRIMARY KEY);
`

interface NextVersion extends AsyncDisposable {
  /** Its `main.mjs`. */
  readonly main: URL
}

/** This version with one migration more. */
async function makeNextVersion(): Promise<NextVersion> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-next-'))
  for (const path of ['src', 'schemas', 'migrations', 'package.json']) {
    await cp(join(ROOT, path), join(folder, path), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'migrations', 'postgres', '9999-next.sql'), EXPANSION)
  return {
    main: pathToFileURL(join(folder, 'src', 'main.mjs')),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** One after the other, under load; the others serve meanwhile. */
async function replace(
  cart: Cart,
  instances: readonly Instance[],
  options: ServiceOptions,
): Promise<void> {
  for (const instance of instances) {
    const { code } = await instance.stop()
    if (code !== 0) throw new Error(`ended with ${code}: ${instance.output()}`)
    await instance.start({}, options)
    await cart.runWell()
  }
}

const rollingUpgrade: Scenario = {
  name: 'rolling-upgrade',
  about: 'two of three instances get a version with another migration, and the former one again',
  brokers: 1,
  run: (context) =>
    withInstances(context, async ({ cart, schema }) => {
      await using next = await makeNextVersion()
      const replaced = cart.instances.slice(0, context.rounds(INSTANCES - 1, 1))
      await replace(cart, replaced, { main: next.main })
      // One of the former version that dies now comes back on the newer database.
      const [last = cart.service] = cart.instances.slice(-1)
      await last.kill()
      await last.start()
      await cart.runWell()
      await replace(cart, replaced, {})
      const [row] = await schema.sql<{ count: string }>('SELECT count(*) FROM schema_migrations')
      cart.notes.push(`the database has ${row?.count} migrations, one more than the last instances`)
    }),
}

export const UPGRADES: readonly Scenario[] = [rollingUpgrade]
