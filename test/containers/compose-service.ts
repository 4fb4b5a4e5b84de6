import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from './podman.ts'

/** The service part of compose.yaml, as far as it is known here. */
interface ComposeService {
  readonly read_only: boolean
  readonly tmpfs: readonly string[]
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
  readonly stop_grace_period: string
}

const SECURITY_OPTIONS: Readonly<Record<string, string>> = {
  'no-new-privileges:true': 'no-new-privileges',
}

/** Compose puts what its own environment has in its place; nobody has set anything for a test. */
const WITH_DEFAULT = /\$\{\w+:-(?<usual>[^}]*)\}/gu

/** About other containers, about the image, or for the network of compose, which is not there. */
const ELSEWHERE = new Set(['build', 'image', 'depends_on', 'ports', 'restart'])

/**
 * The service part of compose.yaml as arguments of `podman run`. `environment` wins; `volume` takes the
 * place of its volumes' names. Throws on what it cannot translate.
 */
export function composeArguments(
  environment: Readonly<Record<string, string>>,
  volume: string,
): string[] {
  const file = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8')) as {
    readonly services: Readonly<Record<string, object>>
  }
  const { services } = file
  const translated: Readonly<Record<keyof ComposeService, (part: ComposeService) => string[]>> = {
    read_only: (part) => [`--read-only=${part.read_only}`, '--read-only-tmpfs=false'],
    tmpfs: (part) => part.tmpfs.map((path) => `--tmpfs=${path}`),
    cap_drop: (part) => part.cap_drop.map((name) => `--cap-drop=${name}`),
    security_opt: (part) =>
      part.security_opt.map((option) => `--security-opt=${SECURITY_OPTIONS[option]}`),
    environment: (part) =>
      Object.entries({ ...part.environment, ...environment }).map(
        ([name, value]) => `--env=${name}=${interpolate(value)}`,
      ),
    volumes: (part) => part.volumes.map((mount) => `--volume=${mount.replace(/^[^:]+/u, volume)}`),
    stop_grace_period: (part) => [`--stop-timeout=${Number.parseInt(part.stop_grace_period, 10)}`],
  }
  const service = services['cart-service'] as ComposeService
  return Object.keys(service)
    .filter((key) => !ELSEWHERE.has(key))
    .flatMap((key) => {
      const translate = translated[key as keyof ComposeService] as
        ((part: ComposeService) => string[]) | undefined
      if (translate === undefined)
        throw new Error(`compose.yaml has ${key}, which is not known here`)
      return translate(service)
    })
}

function interpolate(value: string): string {
  const text = value.replaceAll(WITH_DEFAULT, '$<usual>')
  if (text.includes('$')) throw new Error(`compose.yaml has ${value}, which is not known here`)
  return text
}
