import { spawn } from 'node:child_process'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Config } from '../../config/config.ts'
import { readConfig } from '../../config/read-config.ts'
import { JSON_OPTION, UsageError, type Command } from '../command.ts'
import { serviceAddress, URL_OPTION } from '../send-change.ts'

const options = {
  print: { type: 'boolean', default: false, description: 'print the address, and open nothing' },
  url: URL_OPTION,
  json: { ...JSON_OPTION, description: 'print the address as JSON, and open nothing' },
} as const

export const open: Command = {
  summary: 'opens the console in a browser, at an order where one is named',
  parameters: '[orderId]',
  options,
  examples: [['ORD-7'], ['ORD-7', '--print']],
  exitCodes: {
    0: 'the address is printed, and opened where stdout is a terminal',
    1: 'no browser could be started; the address is printed',
    2: 'an option is wrong',
  },
  async run(args, print) {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    if (positionals.length > 1) throw new UsageError('One order id at most')
    const url = consoleUrl(readConfig(), values.url, positionals[0])
    print.out(values.json ? JSON.stringify({ url }) : url)
    if (values.print || values.json || !process.stdout.isTTY) return 0
    if (await startBrowser(url)) return 0
    print.progress('No browser could be started here: open the address yourself.')
    return 1
  },
}

/** As the console writes its own address: the order is behind the `#`, which no log of a server gets. */
function consoleUrl(config: Config, url: string | undefined, orderId: string | undefined): string {
  const { publicUrl } = config.callers
  const isPublic = url === undefined && publicUrl !== undefined
  const base = isPublic ? publicUrl : serviceAddress(config, url).url
  return `${base}/console${orderId === undefined ? '' : `#${new URLSearchParams({ order: orderId }).toString()}`}`
}

/** Of a word of its own, so that no shell reads the address. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

function startBrowser(url: string): Promise<boolean> {
  const [command, ...words] = OPENERS[process.platform] ?? ['xdg-open']
  const browser = spawn(command, [...words, url], { stdio: 'ignore', detached: true })
  return new Promise((resolve) => {
    browser.once('error', () => resolve(false))
    browser.once('spawn', () => {
      // It is the user's now, and stays when this command ends.
      browser.unref()
      resolve(true)
    })
  })
}
