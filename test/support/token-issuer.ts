import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'

export const AUDIENCE = 'kafka'
export const CLIENT_ID = 'cart-client'
export const CLIENT_SECRET = 'client-secret-of-cart'

/** What it does instead of its work. */
export type Failure = 'down' | 'garbage' | 'refuses'

/** An OAuth server on loopback: client credentials, tokens signed by a key that may change, and its key set. */
export class TokenIssuer {
  /** Of the next tokens. */
  lifetimeS = 3_600
  failure: Failure | undefined
  /** Requests for a token so far. */
  askedCount = 0
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #kid = randomUUID()
  #keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  #port = 0

  static async start(): Promise<TokenIssuer> {
    const provider = new TokenIssuer()
    provider.#server.listen(0, '127.0.0.1')
    await once(provider.#server, 'listening')
    provider.#port = (provider.#server.address() as AddressInfo).port
    return provider
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get tokenUrl(): string {
    return `${this.url}/token`
  }

  get keysUrl(): string {
    return `${this.url}/keys`
  }

  /** The former key is gone at once. */
  rotateKeys(): void {
    this.#kid = randomUUID()
    this.#keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  }

  token(claims: Readonly<Record<string, unknown>> = {}): string {
    const nowS = Math.floor(Date.now() / 1_000)
    const body = {
      iss: this.url,
      sub: CLIENT_ID,
      aud: AUDIENCE,
      iat: nowS,
      exp: nowS + this.lifetimeS,
      ...claims,
    }
    return signToken({ alg: 'RS256', kid: this.#kid }, body, this.#keys.privateKey)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/keys') {
      const key = this.#keys.publicKey.export({ format: 'jwk' })
      response.end(JSON.stringify({ keys: [{ ...key, kid: this.#kid, alg: 'RS256', use: 'sig' }] }))
      return
    }
    this.askedCount += 1
    const body = new URLSearchParams(await readText(request))
    const wanted = `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}`
    const isKnown =
      request.headers.authorization === wanted && body.get('grant_type') === 'client_credentials'
    if (this.failure === 'down') request.socket.destroy()
    else if (this.failure === 'garbage') response.end('<html>')
    else if (this.failure === 'refuses' || !isKnown) {
      response.writeHead(401).end('{"error":"invalid_client"}')
    } else {
      const answer = { access_token: this.token(), expires_in: this.lifetimeS }
      response.end(JSON.stringify(answer))
    }
  }
}

function signToken(header: object, body: object, key: KeyObject): string {
  const parts = [header, body].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const text = parts.join('.')
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
