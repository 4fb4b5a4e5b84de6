import { Type, type TSchema } from 'typebox'
import { kafkaSecuritySettings } from './kafka-settings.ts'
import { registrySettings } from './registry-settings.ts'
import { choice, flag, integer, secretFile, text, type SettingNotes } from './setting-forms.ts'
import {
  explainDatabaseUrl,
  parseAddresses,
  parseDatabaseUrl,
  parseHostNames,
} from './setting-text.ts'
import { callerSettings } from './caller-settings.ts'
import { doorSettings } from './door-settings.ts'

/** Kafka's rule for topic names; the two names of only dots are reserved. */
const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/

/**
 * Every setting, by the name of its environment variable: type, bounds, default and documentation.
 * The order is the order of the table.
 */
export const settingsSchema = Type.Object({
  KAFKA_BOOTSTRAP_SERVERS: text('Brokers to ask first; the others are learned from them.', {
    form: 'host:port, or several separated by commas',
    default: 'localhost:9092',
    accepts: (value) => parseAddresses(value) !== undefined,
  }),
  KAFKA_TOPIC: text(
    'Topic of the order events, created at start if absent. Its subjects are <topic>-value and, with KAFKA_KEY_FORMAT=avro, <topic>-key.',
    {
      form: "a topic name: 1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..'",
      default: 'order-events',
      accepts: (value) => TOPIC_NAME.test(value),
    },
  ),
  KAFKA_TOPIC_PARTITIONS: integer('Partitions of the topic when the service creates it.', {
    minimum: 1,
    maximum: 10_000,
    default: 3,
  }),
  KAFKA_TOPIC_REPLICATION_FACTOR: Type.Optional(
    integer("Replicas of the topic when the service creates it. Unset: the broker's own default.", {
      minimum: 1,
      maximum: 32_767,
    }),
  ),
  KAFKA_KEY_FORMAT: choice(
    'Key of a record: the order id as UTF-8, or the same as Avro in the wire format of the registry.',
    ['string', 'avro'],
    'string',
  ),
  KAFKA_CLIENT_ID: text('Name under which brokers log and meter this service.', {
    form: "1 to 249 letters, digits, '.', '_' and '-'",
    default: 'cart-service',
    accepts: (value) => /^[\w.-]{1,249}$/.test(value),
  }),
  ...kafkaSecuritySettings,
  ...registrySettings,
  API_HOST: text('Address to listen on.', {
    form: 'a host name or an IP address',
    default: '0.0.0.0',
    accepts: (value) => /^[\w.:-]{1,253}$/.test(value),
  }),
  API_PORT: integer('Port to listen on.', { minimum: 1, maximum: 65_535, default: 8_000 }),
  API_KEEP_ALIVE_SECONDS: integer(
    'How long a connection may be open without a request. It must be longer than a load balancer in front keeps an idle connection: 65 is for those that keep it for a minute.',
    { minimum: 5, maximum: 7_200, default: 65 },
  ),
  READINESS: choice(
    'Meaning of /health/ready. changes: 503 while no change can succeed. answers: 503 only once the service stops; what cannot be done is then answered by the service itself.',
    ['changes', 'answers'],
    'changes',
  ),
  ALLOWED_HOSTS: Type.Optional(
    text(
      'Names by which callers may reach the service, beside addresses, localhost, API_HOST and the names in PUBLIC_URL and API_CORS_ORIGINS. A request with another name in its Host header is answered 403: it may come from a page that points its own name at this machine. Programs, which send no Accept-Language, may also use names without a dot and those that end with .local, .internal or .svc. Unset, and API_HOST not loopback: every name, but not to a browser on this machine while everybody may call (API_AUTH).',
      {
        form: 'host names without ports, separated by commas; *.example.com means all below it, * means every name',
        accepts: (value) => parseHostNames(value) !== undefined,
      },
    ),
  ),
  ...doorSettings,
  ...callerSettings,
  DATABASE_URL: text(
    'Where orders and events are stored: an SQLite file; sqlite::memory: for runs whose data may be lost; or a PostgreSQL database, which several instances may share. PostgreSQL takes sslmode (disable, verify-ca, verify-full), sslrootcert (a file, or system), sslcert, sslkey, application_name and options behind a question mark; PGPASSWORD is used where the address has no password.',
    {
      form: 'sqlite:<path>, sqlite::memory: or postgres://user:password@host:port/database',
      default: 'sqlite:data/cart.db',
      mayHoldSecret: true,
      accepts: (value) => parseDatabaseUrl(value) !== undefined,
      explain: explainDatabaseUrl,
    },
  ),
  DATABASE_AUTH: choice(
    'How PostgreSQL learns who the service is. password: by DATABASE_URL, DATABASE_PASSWORD_FILE or PGPASSWORD. aws-iam: by a token that is signed for the user of DATABASE_URL in AWS_REGION, with the package @aws-sdk/rds-signer, which is to be installed.',
    ['password', 'aws-iam'],
    'password',
  ),
  DATABASE_PASSWORD_FILE: Type.Optional(secretFile('the password of the PostgreSQL database')),
  DATABASE_REQUIRE_DURABILITY: flag(
    'Refuse a PostgreSQL server that runs with fsync or full_page_writes off: it loses what it has confirmed when its machine fails.',
    true,
  ),
  MIGRATIONS: choice(
    'auto: a start brings the tables of the store up to date. check: a start refuses a store whose tables are not up to date, and changes none; `npx cart migrate` does it.',
    ['auto', 'check'],
    'auto',
  ),
  STORE_BEHIND_TOPIC: choice(
    'At a start with a store that lacks events of the topic, because it was lost or restored: refuse it until `npx cart rebuild` has completed the store, or accept it, which gives out versions again that the topic has.',
    ['refuse', 'accept'],
    'refuse',
  ),
  PUBLISH_TIMEOUT_MS: integer(
    'How long a request waits for Kafka to acknowledge its event before it is answered 503.',
    { minimum: 100, maximum: 60_000, default: 5_000 },
  ),
  MAX_PENDING_EVENTS: integer(
    'Events on their way, those in doubt included, and requests for changes at work that may be here at once; further requests are answered 503. Of requests fewer are let in while changes take long or their events have 16 MiB together, and never more than 1,213 where an order may have 100 items, 123 where it may have 1,000.',
    { minimum: 1, maximum: 1_000_000, default: 10_000 },
  ),
  MAX_STREAM_READERS: integer(
    'Connections that may follow GET /api/events/stream; further ones are answered 503.',
    { minimum: 1, maximum: 100_000, default: 1_000 },
  ),
  MAX_CONNECTIONS: integer(
    'Connections that may be open at once; further ones are answered 503. Each needs a file descriptor of the process.',
    { minimum: 1, maximum: 1_000_000, default: 20_000 },
  ),
  MAX_ITEMS_PER_ORDER: integer(
    'How many items a new order may have, brought or generated. With a higher value fewer requests are let in at once and pages of lists are shorter, also after it was lowered again.',
    { minimum: 1, maximum: 1_000, default: 100 },
  ),
  ORDER_STATUS_POLICY: choice(
    'any: every status may follow every other. lifecycle: pending, confirmed, shipped, delivered in this order, and cancelled before shipped.',
    ['any', 'lifecycle'],
    'any',
  ),
  IDEMPOTENCY_RETENTION_HOURS: integer(
    'How long a request with an Idempotency-Key is answered as it was the first time.',
    { minimum: 1, maximum: 8_760, default: 24 },
  ),
  RETIRE_AFTER_DAYS: Type.Optional(
    integer(
      'Age from which `npx cart retire` takes closed orders out of the store. Nothing is taken out without that command.',
      { minimum: 1, maximum: 36_500 },
    ),
  ),
  INSTANCE_LEASE_MS: integer(
    'How long an instance may be silent in the database before others take over its pending events. The same for all instances.',
    { minimum: 1_000, maximum: 600_000, default: 10_000 },
  ),
  SHUTDOWN_TIMEOUT_MS: integer('How long a stop waits for changes in flight.', {
    minimum: 100,
    maximum: 600_000,
    default: 10_000,
  }),
  LOG_LEVEL: choice(
    'Least severe log line that is written.',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
  ),
  LOG_FORMAT: choice(
    'How the log is written: json, one object a line; lines, for people; auto, lines on a terminal and JSON elsewhere.',
    ['auto', 'json', 'lines'],
    'auto',
  ),
})

/** The settings in the order of the table. */
export function listSettings(): ReadonlyArray<{
  readonly name: string
  readonly schema: TSchema & SettingNotes
}> {
  const properties: Record<string, TSchema> = settingsSchema.properties
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    // Every property above was made with its notes; TypeBox keeps them on the schema, not in the type.
    schema: schema as TSchema & SettingNotes,
  }))
}
