/** What a login began with. Its browser keeps it, sealed, until it comes back. */
export interface LoginBegun {
  /** Where the browser goes to. */
  readonly url: string
  /** To be handed to `finish`. */
  readonly secrets: string
}

/** An identity provider that a browser can be sent to. */
export interface LoginProvider {
  /** Rejects with {@link LoginFailed}. */
  begin(redirectUrl: string): Promise<LoginBegun>
  /** The access token, once the browser came back to `url`. Rejects with {@link LoginFailed}. */
  finish(url: string, secrets: string): Promise<string>
}

/** The message is for the person at the browser, and holds nothing that a stranger has written. */
export class LoginFailed extends Error {
  /** The provider does not answer: the login may be tried again later. */
  readonly isOutage: boolean

  constructor(message: string, isOutage: boolean, cause: unknown) {
    super(message, { cause })
    this.name = 'LoginFailed'
    this.isOutage = isOutage
  }
}
