import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDirectory extends Disposable {
  readonly path: string
  /** The database file that the tests of the store use. */
  readonly database: string
}

/** A fresh directory, removed when it is disposed. */
export function makeTempDirectory(): TempDirectory {
  const path = mkdtempSync(join(tmpdir(), 'cart-store-'))
  return {
    path,
    database: join(path, 'cart.db'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  }
}
