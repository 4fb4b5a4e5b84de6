const bytesOf: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }

export interface MavenProgress {
  /** Takes what Maven printed, cut anywhere. */
  read(chunk: string): void
  /** Megabytes that have arrived so far, unfinished files included. */
  megabytes(): number
  /** The file named last. */
  currentFile(): string | undefined
  /** What Maven called an error, without its prefix; at most one line. */
  firstError(): string | undefined
}

/**
 * Follows a download by what Maven prints: `Downloading from`, `Downloaded from … (1.2 MB at …)` and
 * `Progress (2): 12/109 MB | 575 kB`, where lines end with either a carriage return or a newline.
 * https://github.com/apache/maven/blob/master/maven-embedder/src/main/java/org/apache/maven/cli/transfer/ConsoleMavenTransferListener.java
 */
export function createMavenProgress(onFirstDownload: () => void = () => {}): MavenProgress {
  let rest = ''
  let finishedBytes = 0
  let unfinishedBytes = 0
  let currentFile: string | undefined
  let firstError: string | undefined

  const readLine = (line: string): void => {
    const transfer = /Download(?:ing|ed) from \S+ (\S+)(?: \(([\d.]+) ([kMG]?B))?/.exec(line)
    if (transfer !== null) {
      if (currentFile === undefined) onFirstDownload()
      currentFile = transfer[1]?.split('/').at(-1)
      if (transfer[2] === undefined) return
      finishedBytes += sizeInBytes(transfer[2], transfer[3])
      unfinishedBytes = 0
      return
    }
    const progress = /^Progress \(\d+\): (.*)/.exec(line)
    if (progress !== null) unfinishedBytes = sumOfParts(progress[1] ?? '')
    const error = /\[ERROR\] (.+?)(?: -> \[Help \d+\])?$/.exec(line)
    if (error !== null) firstError ??= error[1]
  }

  return {
    read: (chunk) => {
      const lines = (rest + chunk).split(/[\r\n]/)
      rest = lines.pop() ?? ''
      for (const line of lines) readLine(line)
    },
    megabytes: () => (finishedBytes + unfinishedBytes) / 1e6,
    currentFile: () => currentFile,
    firstError: () => firstError,
  }
}

/** `12/109 MB | 575 kB`: the first number of each part has arrived. */
function sumOfParts(parts: string): number {
  return [...parts.matchAll(/([\d.]+)(?:\/[\d.]+)? ([kMG]?B)/g)].reduce(
    (sum, [, amount, unit]) => sum + sizeInBytes(amount, unit),
    0,
  )
}

function sizeInBytes(amount: string | undefined, unit: string | undefined): number {
  return Number(amount) * (bytesOf[unit ?? 'B'] ?? 1)
}
