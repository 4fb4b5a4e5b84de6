import process from 'node:process'
import { createLocalJWKSet } from 'jose'
import { createKeyCheck, parseKnownKeys } from '../src/service/callers/api-keys.ts'
import { createSeal } from '../src/service/callers/aes-seal.ts'
import { formatKeyLine, newApiKey } from '../src/service/callers/key-file.ts'
import { TokenCheck } from '../src/service/callers/tokens.ts'
import { systemClock } from '../src/service/system.ts'
import { AUDIENCE, ISSUER, newSigningKey, sign } from '../test/support/identity-provider.ts'

/** What one check of a credential takes of the processor. Prints microseconds. `node bench/credentials.ts` */

const CHECKS = 100_000

const SIGNATURES = 1_000

const key = newApiKey('bench')
const keys = parseKnownKeys(formatKeyLine('bench', key, ['orders:write'], '2099-12-31'))
const keyCheck = createKeyCheck({ content: keys }, systemClock)

const signing = await newSigningKey('one')
const rules = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256'],
  scopesClaim: 'scope',
  principalClaim: 'sub',
}
const findKey = createLocalJWKSet({ keys: [signing.publicJwk] })
const tokens = new TokenCheck({ rules, findKey, clock: systemClock })
const token = await sign(signing, { scope: 'orders:write' })
const newTokens = await Promise.all(
  Array.from({ length: SIGNATURES }, (_, number) => sign(signing, { jti: String(number) })),
)
await tokens.check(token)
const seal = createSeal()
const cookie = seal.close(token)

report(
  'an API key',
  CHECKS,
  measure(CHECKS, () => keyCheck.check(key)),
)
report(
  'a token that is remembered',
  CHECKS,
  measure(CHECKS, () => tokens.check(token)),
)
report(
  'a session’s cookie, opened',
  CHECKS,
  measure(CHECKS, () => seal.open(cookie)),
)
const before = process.cpuUsage()
for (const one of newTokens) await tokens.check(one)
report('a token’s signature (ES256)', SIGNATURES, microsSince(before))

function measure(count: number, check: () => unknown): number {
  for (let index = 0; index < count / 10; index += 1) check()
  const start = process.cpuUsage()
  for (let index = 0; index < count; index += 1) check()
  return microsSince(start)
}

function microsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return user + system
}

function report(name: string, count: number, micros: number): void {
  process.stdout.write(`${name.padEnd(30)}${(micros / count).toFixed(1).padStart(8)} µs\n`)
}
