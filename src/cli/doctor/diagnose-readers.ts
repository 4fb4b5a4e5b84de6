import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import type { SecretFile } from '../../config/secret-files.ts'
import { shellWord } from '../shell-word.ts'
import { warning, type Finding } from './judges/finding.ts'

const READABLE_BY_ALL = 0o004
const OPEN_TO_ALL = 0o001

/** Files that a warning is about: those of a setting, and a `.env` with secrets in it. */
export function diagnoseSecretFiles(files: readonly SecretFile[]): Finding[] {
  return files.flatMap(({ names, path }) =>
    diagnoseReaders('secret files', `${path} (${names.join(', ')})`, path),
  )
}

/** `what`: begins the sentence. */
export function diagnoseReaders(check: string, what: string, path: string | undefined): Finding[] {
  if (path === undefined || !isReadByAll(path)) return []
  const action = 'Take the right to read it from others.'
  return [warning(check, `${what} can be read by everybody`, action, `chmod o= ${shellWord(path)}`)]
}

/**
 * Whether any user of this machine can read the file: by its own mode, and by that of each folder above it.
 * False where that cannot be seen: whatever needs the file says what is wrong with it.
 */
export function isReadByAll(path: string, platform: NodeJS.Platform = process.platform): boolean {
  // Node makes up the modes there.
  if (platform === 'win32') return false
  try {
    const real = realpathSync(path)
    if (isOfPlatform(real, existsSync(DOCKER_MARK) || existsSync(PODMAN_MARK))) return false
    const isAllowed = (statSync(real).mode & READABLE_BY_ALL) !== 0
    return isAllowed && foldersOf(real).every((one) => (statSync(one).mode & OPEN_TO_ALL) !== 0)
  } catch {
    return false
  }
}

/** Up to the root. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersOf(folder)]
}

const DOCKER_MARK = '/.dockerenv'
const PODMAN_MARK = '/run/.containerenv'

/** The folder that the kubelet writes a volume to, behind the link `..data`. */
const KUBERNETES_VOLUME = /\/\.\.\d{4}_\d\d_\d\d_[^/]+\//

/**
 * A secret that a platform mounts into a container is 0644 or 0444 by default, in folders that are open.
 * The container has no other people, and on the host the platform keeps it behind a folder of root. A
 * warning there would be one at every installation, for nothing.
 */
export function isOfPlatform(realPath: string, isInContainer: boolean): boolean {
  return KUBERNETES_VOLUME.test(realPath) || (isInContainer && realPath.startsWith('/run/secrets/'))
}
