import { parseArgs } from 'node:util'

export interface DevOptions {
  readonly demo: boolean
  readonly quiet: boolean
  readonly help: boolean
}

export const DEV_HELP: readonly string[] = [
  'Usage: npm run dev -- [--demo] [--quiet]',
  '',
  'Starts what is missing of Kafka and the schema registry, then the service, and',
  'prints where everything is, and each event. Ctrl-C stops what it started.',
  '',
  '  --demo   sends orders as well',
  '  --quiet  prints no events',
  '',
  'KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL name servers that you have;',
  'API_PORT is the port of the API. All settings: docs/reference/config.md.',
]

export function readDevOptions(
  args: readonly string[],
): DevOptions | { readonly problems: readonly string[] } {
  const flag = { type: 'boolean', default: false } as const
  try {
    const options = { demo: flag, quiet: flag, help: { ...flag, short: 'h' } } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    const see = 'See: npm run dev -- --help'
    return { problems: [error instanceof Error ? error.message : String(error), see] }
  }
}
