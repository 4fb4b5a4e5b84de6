/** Milliseconds since 1970. Undefined where the token does not say so: it need not be a JWT. */
export function endOfToken(token: string): number | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
    const claims: unknown = JSON.parse(payload)
    const exp = Number((claims as { exp?: unknown } | null)?.exp)
    return Number.isFinite(exp) ? exp * 1_000 : undefined
  } catch {
    return undefined
  }
}
