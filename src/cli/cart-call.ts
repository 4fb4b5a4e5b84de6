import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { callerFolder } from '../config/caller-folder.ts'
import { shellWord } from './shell-word.ts'

const CLONE = fileURLToPath(new URL('../../', import.meta.url))

/** Calls cart from any folder, without words. */
export function cloneCall(): string {
  return `node ${shellWord(join(CLONE, 'bin', 'cart.mjs'))}`
}

/** Calls cart with these words, from where the caller is: every command that is printed can be pasted. */
export function cartCall(...words: readonly string[]): string {
  // npx finds the command in the clone; a folder below it may have a package of its own.
  const isInClone = relative(CLONE, callerFolder()) === ''
  const launcher = isInClone ? 'npx cart' : cloneCall()
  return [launcher, ...words.map(shellWord)].join(' ')
}

/** The words of a command line, also where a value or an argument looks like an option. */
export function callWords(
  command: string,
  args: readonly string[],
  options: ReadonlyArray<readonly [name: string, value: string]>,
): readonly string[] {
  const optionWords = options.flatMap(([name, value]) =>
    looksLikeOption(value) ? [`--${name}=${value}`] : [`--${name}`, value],
  )
  return args.some(looksLikeOption)
    ? [command, ...optionWords, '--', ...args]
    : [command, ...args, ...optionWords]
}

/** `-` alone is stdin. */
function looksLikeOption(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}
