import type { FastifyBaseLogger } from 'fastify'
import type { TlsIdentity } from './api/security/tls-server.ts'
import type { ServerDeps } from './api/server.ts'
import type { CredentialCheck } from './business/callers/credential-check.ts'
import type { Seal } from './business/callers/seal.ts'
import { eitherCheck } from './business/callers/either-check.ts'
import type { CallerConfig } from './config/caller-settings.ts'
import type { DoorConfig } from './config/door-settings.ts'
import { ConfigError, type Config } from './config/config.ts'
import { createKeyCheck, parseKnownKeys } from './service/callers/api-keys.ts'
import { KeySet } from './service/callers/key-set.ts'
import { parseTlsMaterial } from './service/callers/tls-material.ts'
import { TokenCheck } from './service/callers/tokens.ts'
import { createSeal } from './service/callers/aes-seal.ts'
import { readSmallFile, WatchedFile } from './service/callers/watched-file.ts'
import { systemClock } from './service/system.ts'

/** What says who a caller is, made from the settings. */
export interface CallerChecks extends AsyncDisposable {
  readonly forServer: Pick<ServerDeps, 'callers' | 'certificateScopes' | 'tls' | 'seal'>
}

/** Rejects where a file cannot be read, or is none of its kind. */
export async function openCallerChecks(
  { callers, door }: Config,
  log: FastifyBaseLogger,
): Promise<CallerChecks> {
  await using opened = new AsyncDisposableStack()
  const checks: CredentialCheck[] = []
  if (callers.keysFile !== undefined) {
    const file = await openFile({
      setting: 'API_KEYS_FILE',
      paths: [callers.keysFile],
      parse: parseKnownKeys,
      log,
    })
    opened.defer(() => file.close())
    checks.push(createKeyCheck(file, systemClock))
  }
  if (callers.jwt !== undefined) {
    const keySet = openKeySet(callers.jwt.keySetUrl, log)
    opened.defer(() => keySet.close())
    const { findKey } = keySet
    checks.push(new TokenCheck({ rules: callers.jwt, findKey, clock: systemClock }))
  }
  const tls = door.tls === undefined ? undefined : await openTls(door.tls, opened, log)
  const { ways = [], certificateScopes } = callers
  const seal = await openSeal(callers)
  const kept = opened.move()
  return {
    forServer: {
      callers: ways.length === 0 ? undefined : eitherCheck(checks),
      certificateScopes: certificateScopes && new Set(certificateScopes),
      tls,
      seal,
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
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

async function openTls(
  { certFile, keyFile, clientCaFile }: NonNullable<DoorConfig['tls']>,
  opened: AsyncDisposableStack,
  log: FastifyBaseLogger,
): Promise<TlsIdentity> {
  const listeners: (() => void)[] = []
  const file = await openFile({
    setting: 'API_TLS_CERT_FILE',
    paths: [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])],
    parse: (cert = '', key = '', ca) => parseTlsMaterial(cert, key, ca),
    log,
    onChange: () => listeners.forEach((listener) => listener()),
  })
  opened.defer(() => file.close())
  return { current: () => file.content, onReplaced: (listener) => void listeners.push(listener) }
}

interface FileToOpen<T> {
  readonly setting: string
  readonly paths: readonly string[]
  readonly parse: (...texts: readonly string[]) => T
  readonly log: FastifyBaseLogger
  readonly onChange?: () => void
}

async function openFile<T>(wanted: FileToOpen<T>): Promise<WatchedFile<T>> {
  const { setting, paths, parse, log, onChange } = wanted
  try {
    return await WatchedFile.open({
      paths,
      parse,
      clock: systemClock,
      onTrouble: (reason) =>
        log.error(
          { setting, paths, reason },
          'a file cannot be taken; what it held before holds on',
        ),
      onChange: () => {
        log.info({ setting, paths }, 'a file has changed and is taken')
        onChange?.()
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const names = paths.join(', ')
    throw new ConfigError([
      `${setting} must name a file that can be taken, got ${names}: ${reason}`,
    ])
  }
}
