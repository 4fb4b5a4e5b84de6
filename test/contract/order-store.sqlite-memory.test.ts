import { openSqliteStore } from '../../src/service/storage/sqlite/store.ts'
import { describeOrderStore } from './order-store.contract.ts'

describeOrderStore({ name: 'SQLite in memory', isDurable: false }, async () => ({
  open: () => openSqliteStore({ path: ':memory:' }),
  remove: async () => {},
}))
