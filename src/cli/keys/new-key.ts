import { appendFile, readFile, truncate } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { callerFolder } from '../../config/caller-folder.ts'
import { readConfig } from '../../config/read-config.ts'
import { isScope, SCOPES, type Scope } from '../../models/caller.ts'
import {
  endOfDay,
  formatKeyLine,
  isKeyId,
  KEY_ID_FORM,
  newApiKey,
  parseKeyFile,
} from '../../service/callers/key-file.ts'
import { JSON_OPTION, UsageError, type Command, type Print } from '../command.ts'

const DAYS_VALID = 365

const MS_PER_DAY = 86_400_000

const options = {
  scopes: {
    type: 'string',
    value: '<list>',
    default: 'orders:read,orders:write',
    description: `what its owner may do: ${SCOPES.join(', ')}, separated by commas; none contains another`,
  },
  until: {
    type: 'string',
    value: '<day>',
    description: `the last day on which it is taken, in UTC, such as 2027-11-28; without it, in ${DAYS_VALID} days`,
  },
  file: {
    type: 'string',
    value: '<path>',
    description: 'the file that the hash is added to; without it, that of API_KEYS_FILE',
  },
  json: JSON_OPTION,
} as const

export const newKey: Command = {
  summary: 'makes an API key, shows it once, and adds its hash to the file of keys',
  parameters: '<id>',
  options,
  examples: [
    ['shop'],
    ['backoffice', '--scopes', 'orders:read', '--until', '2027-01-31'],
    ['shop', '--file', '/etc/cart/api-keys'],
  ],
  exitCodes: { 0: 'the key is made', 2: 'an option is wrong, or the file cannot be written' },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const id = idOf(positionals)
    const scopes = scopesOf(values.scopes)
    const until = dayOf(values.until)
    const file = fileOf(values.file)
    const key = newApiKey(id)
    await addLine(file, formatKeyLine(id, key, scopes, until))
    report({ key, id, scopes, until, file }, values.json, print)
    return 0
  },
}

function idOf(positionals: readonly string[]): string {
  const [id, ...more] = positionals
  if (id !== undefined && more.length === 0 && isKeyId(id)) return id
  throw new UsageError(`Name the owner of the key by one id: ${KEY_ID_FORM}`)
}

function scopesOf(text: string): readonly Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim())
  if (scopes.every(isScope)) return scopes
  throw new UsageError(
    `--scopes must be of ${SCOPES.join(', ')}, separated by commas, got '${text}'`,
  )
}

function dayOf(text: string | undefined): string {
  const day = text ?? new Date(Date.now() + DAYS_VALID * MS_PER_DAY).toISOString().slice(0, 10)
  const end = endOfDay(day)
  if (end === undefined)
    throw new UsageError(`--until must be a day such as 2027-11-28, got '${day}'`)
  if (end <= Date.now()) throw new UsageError(`--until must not be over yet, got '${day}'`)
  return day
}

function fileOf(path: string | undefined): string {
  if (path !== undefined) return resolve(callerFolder(), path)
  const { keysFile } = readConfig().callers
  if (keysFile !== undefined) return keysFile
  throw new UsageError('Name the file of keys by --file, or set API_KEYS_FILE')
}

/** In one write: the service may read the file at any moment. */
async function addLine(path: string, line: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  try {
    parseKeyFile(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${path} is no file of keys, ${reason}`, { cause: error })
  }
  const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n'
  await appendFile(path, `${lineBreak}${line}\n`, { mode: 0o600 }).catch(async (error: unknown) => {
    // A full disk may have taken a part of the line, and the next start would refuse the whole file.
    await truncate(path, Buffer.byteLength(text))
    throw error
  })
}

interface MadeKey {
  readonly key: string
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly until: string
  readonly file: string
}

function report(made: MadeKey, isJson: boolean, print: Print): void {
  const { key, id, scopes, until, file } = made
  if (isJson) return print.out(JSON.stringify(made))
  print.out(key)
  print.progress(`This is the key of ${id}. It is shown this once: ${file} has its hash alone.`)
  print.progress(
    `It has ${scopes.join(', ')}, through ${until}. Send it as Authorization: Bearer <key>.`,
  )
}
