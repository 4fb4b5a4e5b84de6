/** Rights that a caller may have. None of them contains another. */
export const SCOPES = ['orders:read', 'orders:write', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** Kinds of principals, in the words of the CloudEvents extension "Auth Context" (`authtype`). */
export type PrincipalKind = 'api_key' | 'service_account' | 'user'

/** Whoever a request comes from, once its credential was checked. */
export interface Caller {
  /** The kind, a colon and the id: `api_key:shop`. It is stored with each change. */
  readonly principal: string
  readonly scopes: ReadonlySet<Scope>
}

/** As long as an id of OpenID Connect may be; longer ones would weigh on every event. */
const PRINCIPAL_ID = /^\P{Cc}{1,255}$/u

const LONE_SURROGATE = /\p{Cs}/u

/** Undefined where the id cannot be a header of an event. */
export function principalOf(kind: PrincipalKind, id: string): string | undefined {
  return PRINCIPAL_ID.test(id) && !LONE_SURROGATE.test(id) ? `${kind}:${id}` : undefined
}

/** A type, and a value that is not only the signs at the end of a text in base64. */
const SUBJECT_NAME = /^[\w.-]+=(?!=*$)/

/**
 * Whether the id has the form of a certificate's subject, such as `CN=shop,O=Example`. Certificates and
 * clients of an identity provider are principals of one kind: by this no id is of both.
 */
export function isSubjectName(id: string): boolean {
  return SUBJECT_NAME.test(id)
}

export function splitPrincipal(principal: string): { readonly kind: string; readonly id: string } {
  const colon = principal.indexOf(':')
  return { kind: principal.slice(0, colon), id: principal.slice(colon + 1) }
}

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text)
}
