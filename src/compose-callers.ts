import type { FastifyBaseLogger } from 'fastify'
import type { CredentialCheck } from './business/callers/credential-check.ts'
import type { Seal } from './business/callers/seal.ts'
import { eitherCheck } from './business/callers/either-check.ts'
import type { CallerConfig } from './config/caller-settings.ts'
import { ConfigError, type Config } from './config/config.ts'
import { createKeyCheck, parseKnownKeys } from './service/callers/api-keys.ts'
import { KeySet } from './service/callers/key-set.ts'
import { TokenCheck } from './service/callers/tokens.ts'
import { createSeal } from './service/callers/aes-seal.ts'
import { readSmallFile, WatchedFile } from './service/callers/watched-file.ts'
import { systemClock } from './service/system.ts'

/** What says who a caller is, made from the settings. */
export interface CallerChecks extends AsyncDisposable {
  /** Undefined: callers are not asked who they are. */
  readonly check: CredentialCheck | undefined
  readonly seal: Seal
}

/** Rejects where a file cannot be read, or is none of its kind. */
export async function openCallerChecks(
  { callers }: Config,
  log: FastifyBaseLogger,
): Promise<CallerChecks> {
  await using opened = new AsyncDisposableStack()
  const checks: CredentialCheck[] = []
  if (callers.keysFile !== undefined) {
    const file = await openFile('API_KEYS_FILE', callers.keysFile, parseKnownKeys, log)
    opened.defer(() => file.close())
    checks.push(createKeyCheck(file, systemClock))
  }
  if (callers.jwt !== undefined) {
    const keySet = openKeySet(callers.jwt.keySetUrl, log)
    opened.defer(() => keySet.close())
    const { findKey } = keySet
    checks.push(new TokenCheck({ rules: callers.jwt, findKey, clock: systemClock }))
  }
  const kept = opened.move()
  const check = checks.length === 0 ? undefined : eitherCheck(checks)
  return { check, seal: await openSeal(callers), [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function openSeal({ sessionKey }: CallerConfig): Promise<Seal> {
  if (sessionKey === undefined) return createSeal()
  return createSeal(
    sessionKey.kind === 'text' ? sessionKey.text : (await readSmallFile(sessionKey.path)).trim(),
  )
}

function openKeySet(url: string, log: FastifyBaseLogger): KeySet {
  const keySet = new KeySet({
    url,
    clock: systemClock,
    onState: (trouble) =>
      trouble === undefined
        ? log.info({ url }, 'the keys of the identity provider are read')
        : log.error({ url, reason: trouble }, 'the keys of the identity provider cannot be read'),
  })
  keySet.start()
  return keySet
}

async function openFile<T>(
  setting: string,
  path: string,
  parse: (text: string) => T,
  log: FastifyBaseLogger,
): Promise<WatchedFile<T>> {
  try {
    return await WatchedFile.open({
      path,
      parse,
      clock: systemClock,
      onTrouble: (reason) =>
        log.error(
          { setting, path, reason },
          'a file cannot be taken; what it held before holds on',
        ),
      onChange: () => log.info({ setting, path }, 'a file has changed and is taken'),
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError([`${setting} must name a file that can be taken, got ${path}: ${reason}`])
  }
}
