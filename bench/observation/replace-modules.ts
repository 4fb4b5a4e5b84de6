import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

const SRC = new URL('../../src/', import.meta.url)

/** Modules of the service by their paths in `src`, and what is loaded in their place. */
export function replaceModules(sources: Readonly<Record<string, string>>): void {
  const byUrl = new Map(
    Object.entries(sources).map(([path, source]) => [new URL(path, SRC).href, source]),
  )
  for (const url of byUrl.keys()) {
    // A file that was renamed would be measured as it is.
    if (!existsSync(new URL(url))) throw new Error(`there is no ${url}`)
  }
  registerHooks({
    load(url, context, next) {
      const source = byUrl.get(url)
      return source === undefined
        ? next(url, context)
        : { format: 'module', source, shortCircuit: true }
    },
  })
}
