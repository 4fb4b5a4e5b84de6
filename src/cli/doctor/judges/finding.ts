/** What one check of the surroundings found. Whatever is not well comes with the one thing to do. */
export type Finding =
  | { readonly check: string; readonly verdict: 'ok'; readonly detail: string }
  | {
      readonly check: string
      /**
       * `warning`: it works, and promises less. `problem`: no change can succeed, or the service ends.
       * `skipped`: the check could not be made, so nothing is known.
       */
      readonly verdict: 'warning' | 'problem' | 'skipped'
      readonly detail: string
      readonly action: string
      /** Does what the action says, where a command does; can be pasted as it is. */
      readonly command?: string
    }

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail }
}

export function warning(check: string, detail: string, action: string, command?: string): Finding {
  return { check, verdict: 'warning', detail, action, ...withCommand(command) }
}

export function problem(check: string, detail: string, action: string, command?: string): Finding {
  return { check, verdict: 'problem', detail, action, ...withCommand(command) }
}

export function skipped(check: string, detail: string, action: string): Finding {
  return { check, verdict: 'skipped', detail, action }
}

/** `cause`: the check whose finding says what is in the way. */
export function notExamined(check: string, cause: string): Finding {
  return skipped(check, `not examined: see ${cause}`, `Mend ${cause} first, then ask again.`)
}

function withCommand(command: string | undefined): { command?: string } {
  return command === undefined ? {} : { command }
}
