import type { FastifyBaseLogger } from 'fastify'
import type { TlsIdentity } from './api/security/tls-server.ts'
import type { ServerDeps } from './api/server.ts'
import type { CredentialCheck } from './business/callers/credential-check.ts'
import type { DependencyHealth } from './business/dependency-health.ts'
import type { LoginProvider } from './business/callers/login-provider.ts'
import type { Seal } from './business/callers/seal.ts'
import { eitherCheck } from './business/callers/either-check.ts'
import type { CallerConfig, JwtConfig } from './config/caller-settings.ts'
import type { DoorConfig } from './config/door-settings.ts'
import { ConfigError, type Config } from './config/config.ts'
import type { SecretSetting } from './config/secret-setting.ts'
import {
  createKeyCheck,
  listKeyEnds,
  parseKnownKeys,
  type KeyEnd,
  type KnownKeys,
} from './service/callers/api-keys.ts'
import { parseTlsMaterial } from './service/callers/tls-material.ts'
import { createSeal } from './service/callers/aes-seal.ts'
import { readSmallFile, WatchedFile } from './service/callers/watched-file.ts'
import { systemClock } from './service/system.ts'

const LAST_KEYS = 'its last ones are taken, for a day at most'

/** What says who a caller is, made from the settings. */
export interface CallerChecks extends AsyncDisposable {
  readonly forServer: Pick<
    ServerDeps,
    'callers' | 'certificateScopes' | 'loginProvider' | 'tls' | 'seal'
  >
  /** Of the API keys that are taken now. */
  readonly keyEnds: () => readonly KeyEnd[]
}

/** Rejects where a file cannot be read, or is none of its kind. */
export async function openCallerChecks(
  { callers, door }: Config,
  log: FastifyBaseLogger,
  health: DependencyHealth,
): Promise<CallerChecks> {
  await using opened = new AsyncDisposableStack()
  const checks: CredentialCheck[] = []
  const keys = callers.keysFile === undefined ? undefined : await openKeys(callers.keysFile, log)
  if (keys !== undefined) {
    opened.defer(() => keys.close())
    checks.push(createKeyCheck(keys, systemClock))
  }
  if (callers.jwt !== undefined) {
    checks.push(await openTokenCheck(callers, callers.jwt, opened, health))
  }
  const tls = door.tls === undefined ? undefined : await openTls(door.tls, opened, log)
  const { ways = [], certificateScopes } = callers
  const seal = await openSeal(callers)
  const loginProvider = callers.oidc && (await openLoginProvider(callers.oidc))
  const kept = opened.move()
  return {
    forServer: {
      callers: ways.length === 0 ? undefined : eitherCheck(checks),
      certificateScopes: certificateScopes && new Set(certificateScopes),
      loginProvider,
      tls,
      seal,
    },
    keyEnds: () => (keys === undefined ? [] : listKeyEnds(keys.content)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function openKeys(path: string, log: FastifyBaseLogger): Promise<WatchedFile<KnownKeys>> {
  return openFile({ setting: 'API_KEYS_FILE', paths: [path], parse: parseKnownKeys, log })
}

async function openSeal({ sessionKey }: CallerConfig): Promise<Seal> {
  return sessionKey === undefined ? createSeal() : createSeal(await readSecret(sessionKey))
}

async function readSecret(secret: SecretSetting): Promise<string> {
  return secret.kind === 'text' ? secret.text : (await readSmallFile(secret.path)).trim()
}

// The two packages are loaded where they are used: a start without them is quicker.

async function openLoginProvider({
  secret,
  ...client
}: NonNullable<CallerConfig['oidc']>): Promise<LoginProvider> {
  const { createOidcProvider } = await import('./service/callers/oidc-provider.ts')
  return createOidcProvider({ ...client, readSecret: secret && (() => readSecret(secret)) })
}

async function openTokenCheck(
  { certificateScopes }: CallerConfig,
  rules: JwtConfig,
  opened: AsyncDisposableStack,
  health: DependencyHealth,
): Promise<CredentialCheck> {
  const { KeySet } = await import('./service/callers/key-set.ts')
  const { TokenCheck } = await import('./service/callers/tokens.ts')
  const { keySetUrl: url } = rules
  const keySet = new KeySet({
    url,
    clock: systemClock,
    onState: (trouble) => {
      if (trouble === undefined) return health.reportUp('identityProvider')
      const sentence = `its keys at ${url} cannot be read: ${trouble.reason}`
      if (!trouble.hasKeys) return health.reportDown('identityProvider', sentence)
      health.reportDegraded('identityProvider', `${sentence}; ${LAST_KEYS}`)
    },
  })
  health.reportDown('identityProvider', 'has not answered yet')
  opened.defer(() => keySet.close())
  keySet.start()
  const hasCertificates = certificateScopes !== undefined
  return new TokenCheck({ rules, findKey: keySet.findKey, clock: systemClock, hasCertificates })
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
