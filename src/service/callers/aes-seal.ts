import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Seal } from '../../business/callers/seal.ts'

const ALGORITHM = 'aes-256-gcm'

const KEY_BYTES = 32

/** Of GCM. Random ones do not meet before some four billion sessions. */
const NONCE_BYTES = 12

const TAG_BYTES = 16

/** Without a secret the key is this process's own: nobody else opens what it has sealed. */
export function createSeal(secret: string | Buffer = randomBytes(KEY_BYTES)): Seal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'cart-service session', KEY_BYTES))
  return {
    close(text) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const opened = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8')
      try {
        return opened + decipher.final('utf8')
      } catch {
        return undefined
      }
    },
  }
}
