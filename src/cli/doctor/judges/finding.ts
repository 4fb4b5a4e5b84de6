/** What one check of the surroundings found. Whatever is not well comes with the one thing to do. */
export type Finding =
  | { readonly check: string; readonly verdict: 'ok'; readonly detail: string }
  | {
      readonly check: string
      /** `warning`: it works, and promises less. `problem`: no change can succeed, or the service ends. */
      readonly verdict: 'warning' | 'problem'
      readonly detail: string
      readonly action: string
    }

export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail }
}

export function warning(check: string, detail: string, action: string): Finding {
  return { check, verdict: 'warning', detail, action }
}

export function problem(check: string, detail: string, action: string): Finding {
  return { check, verdict: 'problem', detail, action }
}
