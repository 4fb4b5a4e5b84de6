import type { Print } from '../command.ts'

/** Of a check that is under way; resolves as it does. */
export type WatchCheck = <Result>(check: string, work: Promise<Result>) => Promise<Result>

/** Says on the terminal which checks have no result yet: a slow one takes seconds. */
export function watchChecks({ status }: Print): WatchCheck {
  const underWay = new Set<string>()
  const show = (): void =>
    status?.(underWay.size === 0 ? '' : `checking: ${[...underWay].join(', ')}`)
  return async (check, work) => {
    underWay.add(check)
    show()
    try {
      return await work
    } finally {
      underWay.delete(check)
      show()
    }
  }
}
