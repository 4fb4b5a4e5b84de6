import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { buildah, podman, runTool, succeeds } from './podman.ts'

/**
 * The image that the Dockerfile begins with. Where no registry of images can be reached, one that
 * stands in for it: Debian's smallest system, this Node.js, this npm, the user `node`.
 */

const CA_FILE = '/etc/ssl/certs/ca-certificates.crt'

/** As the official image has it. */
const ENTRYPOINT = '#!/bin/sh\nset -e\nexec "$@"\n'

/** Resolves with how it came here. */
export async function provideBaseImage(name: string): Promise<string> {
  if (await succeeds(podman('image', 'exists', name))) return 'kept from an earlier run'
  if (await succeeds(podman('pull', '--quiet', name))) return 'pulled'
  await buildStandIn(name)
  return 'a stand-in made by debootstrap, because no registry of images was reached'
}

async function buildStandIn(name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cart-service-base-'))
  try {
    const root = join(folder, 'root')
    const packages = '--include=ca-certificates,libatomic1'
    await runTool('debootstrap', ['--variant=minbase', packages, 'bookworm', root])
    await commitStandIn(root, name)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `root` holds Debian's system. */
export async function commitStandIn(root: string, name: string): Promise<void> {
  await addNode(root)
  const container = await buildah('from', 'scratch')
  await buildah('add', '--quiet', container, root, '/')
  await buildah('config', '--entrypoint', '["docker-entrypoint.sh"]', '--cmd', 'node', container)
  // A machine may trust others than the usual authorities: build-image.ts mounts its list there.
  await buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CA_FILE}`, container)
  await buildah('commit', '--quiet', '--rm', container, name)
}

async function addNode(root: string): Promise<void> {
  const local = join(root, 'usr', 'local')
  await cp(process.execPath, join(local, 'bin', 'node'))
  const npm = await runTool('sh', ['-c', 'readlink -f "$(command -v npm)"'])
  const modules = join(local, 'lib', 'node_modules')
  await cp(dirname(dirname(npm)), join(modules, 'npm'), { recursive: true })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'))
  await writeFile(join(local, 'bin', 'docker-entrypoint.sh'), ENTRYPOINT, { mode: 0o755 })
  await append(join(root, 'etc', 'passwd'), 'node:x:1000:1000::/home/node:/bin/sh\n')
  await append(join(root, 'etc', 'group'), 'node:x:1000:\n')
}

async function append(path: string, line: string): Promise<void> {
  await writeFile(path, (await readFile(path, 'utf8')) + line)
}
