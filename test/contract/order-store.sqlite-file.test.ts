import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { describeOrderStore } from './order-store.contract.ts'

describeOrderStore({ name: 'a SQLite file', isDurable: true }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cart-store-'))
  return {
    open: () => openSqliteStore({ path: join(directory, 'cart.db') }),
    remove: () => rm(directory, { recursive: true }),
  }
})
