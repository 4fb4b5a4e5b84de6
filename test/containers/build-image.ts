import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { provideBaseImage } from './base-image.ts'
import { buildah, ROOT, runTool } from './podman.ts'

export const IMAGE = 'localhost/cart-service:test'

/** The same with the preload for traces. */
export const TRACED_IMAGE = 'localhost/cart-service-traced:test'

/** Builds the repository's Dockerfile as it is. Resolves with where its base came from. */
export async function buildImage(): Promise<string> {
  const base = /^FROM (?<image>\S+)$/mu.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const origin = await provideBaseImage(`docker.io/library/${base?.groups?.['image']}`)
  await build(IMAGE, ROOT)
  return origin
}

/** Builds that of examples/tracing on {@link IMAGE}. */
export function buildTracedImage(): Promise<string> {
  return build(TRACED_IMAGE, join(ROOT, 'examples', 'tracing'), `--build-arg=SERVICE=${IMAGE}`)
}

async function build(tag: string, folder: string, ...args: readonly string[]): Promise<string> {
  return buildah(
    'bud',
    '--quiet',
    '--isolation=chroot',
    '--network=host',
    '--pull-never',
    // The other format has no place for the health check.
    '--format=docker',
    ...(await mounts()),
    ...args,
    `--tag=${tag}`,
    folder,
  )
}

/** What npm fetched before, and whom the machine trusts: the steps of the Dockerfile stay as they are. */
async function mounts(): Promise<string[]> {
  const cache = await runTool('npm', ['config', 'get', 'cache'])
  const authorities = process.env['NODE_EXTRA_CA_CERTS']
  return [
    `--volume=${cache}:/root/.npm`,
    ...(authorities === undefined
      ? []
      : [`--volume=${authorities}:/etc/ssl/certs/ca-certificates.crt:ro`]),
  ]
}
