import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMavenProgress, type MavenProgress } from './maven-progress.ts'
import { startSupervised, type ProcessExit, type SupervisedProcess } from './supervised-process.ts'

const pomPath = fileURLToPath(new URL('pom.xml', import.meta.url))
const libRoot = fileURLToPath(new URL('../.dev/lib/', import.meta.url))

const downloadTimeoutMs = 30 * 60_000
const progressIntervalMs = 3_000
const mavenKillAfterMs = 2_000
/** A temporary folder this old belongs to a download that was killed. */
const abandonedAfterMs = 2 * downloadTimeoutMs

export type LibraryName = 'kafka' | 'registry'

interface Library {
  readonly title: string
  readonly size: string
  readonly goal: string
  /** The file without which the folder is of no use. */
  readonly mainFile: RegExp
}

const libraries: Readonly<Record<LibraryName, Library>> = {
  kafka: {
    title: 'Kafka',
    size: '54 MB',
    goal: 'dependency:copy-dependencies',
    mainFile: /^kafka-server-\d.*\.jar$/,
  },
  registry: {
    title: 'Apicurio Registry',
    size: '109 MB',
    goal: 'dependency:unpack',
    mainFile: /-runner\.jar$/,
  },
}

/** The folder of a library, whether it is there yet or not. Its version is the one in pom.xml. */
export async function libraryFolder(name: LibraryName): Promise<string> {
  return join(libRoot, `${name}-${await pinnedVersion(name)}`)
}

export async function isLibraryThere(name: LibraryName): Promise<boolean> {
  return existsSync(await libraryFolder(name))
}

export interface FetchOptions {
  /** Takes one line at a time for the person who waits. */
  readonly report: (line: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Downloads a library with Maven unless it is there; resolves with its folder. The folder appears
 * complete or not at all, so that runs may be killed and may run side by side.
 * Rejects with a sentence for the user when the download fails.
 */
export async function fetchLibrary(name: LibraryName, options: FetchOptions): Promise<string> {
  const folder = await libraryFolder(name)
  if (existsSync(folder)) return folder
  await mkdir(libRoot, { recursive: true })
  await removeAbandoned()
  const temporary = await mkdtemp(join(libRoot, '.download-'))
  try {
    await download(name, temporary, options)
    await rename(temporary, folder).catch((error: unknown) => {
      // Another run was faster; its copy is the same.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return folder
}

async function download(
  name: LibraryName,
  target: string,
  { report, signal }: FetchOptions,
): Promise<void> {
  const { title, size, goal, mainFile } = libraries[name]
  const label = `${title} ${await pinnedVersion(name)}`
  report(`Getting ${label} with Maven`)
  // Not where Maven has it from an earlier time.
  const progress = createMavenProgress(() => report(`Downloading it, about ${size}, once`))
  const logFile = join(libRoot, `${name}-maven.log`)
  const log = createWriteStream(logFile)
  const maven = await startSupervised({
    command: 'mvn',
    args: ['-Dstyle.color=never', '-f', pomPath, `-P${name}`, goal, `-DoutputDirectory=${target}`],
    output: (chunk) => {
      progress.read(chunk)
      log.write(chunk)
    },
    killAfterMs: mavenKillAfterMs,
  })
  const bound = AbortSignal.any([
    AbortSignal.timeout(downloadTimeoutMs),
    ...(signal ? [signal] : []),
  ])
  const reportProgress = (): void => {
    if (progress.megabytes() > 0) report(progressLine(label, progress))
  }
  const exit = await reportUntilExit(maven, reportProgress, bound)
  log.end()
  signal?.throwIfAborted()
  const isComplete = (await readdir(target)).some((file) => mainFile.test(file))
  if (exit.code === 0 && isComplete) return
  const reason = progress.firstError() ?? (exit.code === 0 ? 'files are missing' : 'it was stopped')
  throw new Error(
    `Maven could not download ${label}: ${reason}\n` +
      `Check the network and Maven's settings, then try again; all of Maven's output is in ${logFile}.`,
  )
}

async function reportUntilExit(
  maven: SupervisedProcess,
  report: () => void,
  bound: AbortSignal,
): Promise<ProcessExit> {
  const stop = (): void => void maven.stop()
  bound.addEventListener('abort', stop, { once: true })
  if (bound.aborted) stop()
  const timer = setInterval(report, progressIntervalMs)
  try {
    return await maven.exited
  } finally {
    clearInterval(timer)
    bound.removeEventListener('abort', stop)
  }
}

function progressLine(label: string, progress: MavenProgress): string {
  const file = progress.currentFile()
  const megabytes = progress.megabytes().toFixed(1)
  return `  ${label}: ${megabytes} MB so far${file === undefined ? '' : ` (${file})`}`
}

async function pinnedVersion(name: LibraryName): Promise<string> {
  const pom = await readFile(pomPath, 'utf8')
  const version = new RegExp(`<${name}\\.version>([^<]+)<`).exec(pom)?.[1]
  if (version === undefined) throw new Error(`dev-services/pom.xml pins no ${name}.version`)
  return version
}

async function removeAbandoned(): Promise<void> {
  for (const entry of await readdir(libRoot)) {
    if (!entry.startsWith('.download-')) continue
    const path = join(libRoot, entry)
    const info = await stat(path).catch(() => undefined)
    if (info !== undefined && Date.now() - info.mtimeMs > abandonedAfterMs) {
      await rm(path, { recursive: true, force: true })
    }
  }
}
