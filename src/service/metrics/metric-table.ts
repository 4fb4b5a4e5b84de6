/** THE table of metrics: names, meanings, and from which plain number each is read when somebody asks. */
import type { Dependency, DependencyStates } from '../../business/dependency-health.ts'
import type { Measures } from '../../business/measures/measures.ts'
import type { Distribution } from '../../business/measures/tally.ts'
import type { CertificateEnd } from '../certificate-end.ts'
import { LANE_STATES, type LaneView } from '../../business/measures/lane-view.ts'

/** `id`: whose it is, where there may be many of a kind. By the operator, never by a caller. */
export interface CredentialEnd extends CertificateEnd {
  readonly id?: string
}

/** What is read beside the counts. */
export interface MetricSources {
  readonly measures: Measures
  /** Of the changes that are alive here: when their events were made, ISO 8601, UTC. */
  readonly pendingTimes: () => readonly string[]
  readonly now: () => Date
  readonly lanes: () => readonly LaneView[]
  readonly isLeaseHeld: () => boolean
  readonly dependencies: () => DependencyStates
  /** Of those that the service shows to others, and of the API keys that it takes. */
  readonly credentials: () => readonly CredentialEnd[]
  readonly build: { readonly version: string; readonly store: string }
}

export interface Sample {
  /** In the order of the names; those at the end may be left out. */
  readonly labels: readonly (string | number)[]
  readonly value: number | Distribution
}

export interface MetricKind {
  readonly name: `cart_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (sources: MetricSources) => readonly Sample[]
}

const DEPENDENCY_LABELS: Readonly<Record<Dependency, string>> = {
  kafka: 'kafka',
  schemaRegistry: 'schema-registry',
  storage: 'storage',
  identityProvider: 'identity-provider',
}

function single(value: number | Distribution): readonly Sample[] {
  return [{ labels: [], value }]
}

function ageOfOldest(times: readonly string[], now: Date): number {
  // Texts of one form: the least is the oldest.
  const oldest = times.reduce((least, time) => (time < least ? time : least), now.toISOString())
  return (now.getTime() - Date.parse(oldest)) / 1_000
}

function counter(
  name: MetricKind['name'],
  help: string,
  labels: readonly string[],
  read: MetricKind['read'],
): MetricKind {
  return { name, type: 'counter', help, labels, read }
}

function gauge(
  name: MetricKind['name'],
  help: string,
  labels: readonly string[],
  read: MetricKind['read'],
): MetricKind {
  return { name, type: 'gauge', help, labels, read }
}

function histogram(
  name: MetricKind['name'],
  help: string,
  labels: readonly string[],
  read: MetricKind['read'],
): MetricKind {
  return { name, type: 'histogram', help, labels, read }
}

function tallied(
  name: MetricKind['name'],
  help: string,
  labels: readonly string[],
  pick: (measures: Measures) => Measures['changes'],
): MetricKind {
  return counter(name, help, labels, ({ measures }) =>
    pick(measures)
      .list()
      .map(({ labels: values, count }) => ({ labels: values, value: count })),
  )
}

function counted(
  name: MetricKind['name'],
  help: string,
  pick: (measures: Measures) => number,
): MetricKind {
  return counter(name, help, [], ({ measures }) => single(pick(measures)))
}

const REQUESTS: readonly MetricKind[] = [
  histogram(
    'cart_http_server_request_duration_seconds',
    'Requests by method, route and status, from their head to the last byte of their answer, or until their client left: before its answer began, the status is none.',
    ['method', 'route', 'status'],
    ({ measures }) => measures.requests.list(),
  ),
  tallied(
    'cart_turned_away_total',
    'Requests that were answered 503 SERVICE_FULL, by what they asked for; not those on connections beyond MAX_CONNECTIONS.',
    ['work'],
    ({ turnedAway }) => turnedAway,
  ),
  tallied(
    'cart_changes_total',
    'Changes that began, by command and outcome: done (201, 200), replayed (the answer to an earlier request with the same Idempotency-Key), refused (4xx), not-applied and unknown (503), failed (500).',
    ['command', 'outcome'],
    ({ changes }) => changes,
  ),
  gauge(
    'cart_stream_readers',
    'Readers of the stream of changes that are connected.',
    [],
    ({ measures }) => single(measures.streamReaderCount),
  ),
  counted(
    'cart_stream_readers_dropped_total',
    'Readers of the stream that were disconnected from here, because they did not keep up, the store could not be read, or what they were about to read was retired.',
    ({ streamReadersDroppedCount }) => streamReadersDroppedCount,
  ),
]

const PUBLICATION: readonly MetricKind[] = [
  histogram(
    'cart_publish_ack_seconds',
    'From handing an event to its lane to the acknowledgement of Kafka. Exemplars name the trace of a sampled request.',
    [],
    ({ measures }) => single(measures.acknowledgements),
  ),
  tallied(
    'cart_publications_total',
    'New events by what their callers could be told first: acked, refused, cancelled, in-doubt.',
    ['outcome'],
    ({ publications }) => publications,
  ),
  gauge(
    'cart_pending_events',
    'Events of this instance that are stored, or about to be, and not settled or discarded yet.',
    [],
    ({ pendingTimes }) => single(pendingTimes().length),
  ),
  gauge(
    'cart_pending_oldest_age_seconds',
    'Age of the oldest of them, by the time of the event; 0 without one.',
    [],
    ({ pendingTimes, now }) => single(ageOfOldest(pendingTimes(), now())),
  ),
  gauge(
    'cart_parked_events',
    'Pending events that the topic refuses, each alone; their orders take no change.',
    [],
    ({ lanes }) => single(lanes().reduce((sum, { parkedCount }) => sum + parkedCount, 0)),
  ),
  gauge(
    'cart_lane_open',
    '1 while the lane of this partition takes events.',
    ['partition'],
    ({ lanes }) =>
      lanes().map(({ partition, state }) => ({
        labels: [partition],
        value: Number(state === 'open' || state === 'refusing'),
      })),
  ),
  gauge(
    'cart_lanes',
    'Lanes by state: open, connecting, throttled (a quota of Kafka), silent (the leader does not answer), failing, refusing (the leader refuses every event).',
    ['state'],
    ({ lanes }) =>
      LANE_STATES.map((state) => ({
        labels: [state],
        value: lanes().filter((lane) => lane.state === state).length,
      })),
  ),
  tallied(
    'cart_produce_requests_total',
    'Produce requests that left, by result: answered, unanswered. Lanes of one leader send theirs together.',
    ['result'],
    ({ produceRequests }) => produceRequests,
  ),
  tallied(
    'cart_produced_batches_total',
    'Batches in all Produce requests, each for one partition, by what its answer proves: acked, refused, unknown (any other answer, or none).',
    ['result'],
    ({ producedBatches }) => producedBatches,
  ),
  counted(
    'cart_produced_events_total',
    'Events in all Produce requests together; one that is sent again counts again.',
    ({ producedEventCount }) => producedEventCount,
  ),
  tallied(
    'cart_topic_looks_total',
    'Looks for events on the topic, by cause: taken-over, unanswered (a Produce request failed or had no answer), unproven (its acknowledgement may be that of another batch), sent-again (what was missing was sent again).',
    ['cause'],
    ({ topicLooks }) => topicLooks,
  ),
]

const OWNERSHIP: readonly MetricKind[] = [
  gauge(
    'cart_lease_held',
    '1 while this instance may publish and settle what it owns.',
    [],
    ({ isLeaseHeld }) => single(Number(isLeaseHeld())),
  ),
  counted(
    'cart_lease_losses_total',
    'How often another instance had taken over from this one.',
    ({ leaseLossCount }) => leaseLossCount,
  ),
  counted(
    'cart_taken_over_events_total',
    'Pending events that this instance took over.',
    ({ takenOverEventCount }) => takenOverEventCount,
  ),
  counted(
    'cart_handed_over_events_total',
    'Pending events that this instance left to others, because their partition made no progress.',
    ({ handedOverEventCount }) => handedOverEventCount,
  ),
  tallied(
    'cart_recovered_events_total',
    'Events taken over that are on the topic now: found there, or published from here.',
    ['how'],
    ({ recoveredEvents }) => recoveredEvents,
  ),
  counted(
    'cart_contested_total',
    'How often a broker showed that somebody else sends with the numbers of this instance.',
    ({ contestedCount }) => contestedCount,
  ),
]

const SURROUNDINGS: readonly MetricKind[] = [
  histogram(
    'cart_store_operation_seconds',
    'Operations of the store, from the begin of their batch to its answer; the wait for a batch is not in it.',
    ['op'],
    ({ measures }) => measures.storeOperations.list(),
  ),
  tallied(
    'cart_store_failures_total',
    'Operations that the store could not do, by whether they may have been applied: no, unknown.',
    ['applied'],
    ({ storeFailures }) => storeFailures,
  ),
  gauge(
    'cart_dependency_up',
    '1 while it serves, 0.5 while it does not serve everything or everybody, 0 while it is down.',
    ['dependency'],
    ({ dependencies }) =>
      Object.entries(dependencies()).map(([name, { status }]) => ({
        labels: [DEPENDENCY_LABELS[name as Dependency]],
        value: { up: 1, degraded: 0.5, down: 0 }[status],
      })),
  ),
  gauge(
    'cart_credential_expiry_timestamp_seconds',
    'When a credential ends, in seconds since 1970, by what it is used for. A certificate that the service uses: kafka-, registry- and database-client, each -authority of theirs, api-server, api-client-authority. A token in SCHEMA_REGISTRY_BEARER_AUTH_TOKEN that says its end: registry-token. A key that it takes from callers: api-key, with the id of its line in API_KEYS_FILE; of several keys of an id the first that ends, and of many ids the 100 whose keys end first. Absent for what is not used.',
    ['kind', 'id'],
    ({ credentials }) =>
      credentials().map(({ kind, id, endsAt }) => ({
        labels: id === undefined ? [kind] : [kind, id],
        value: endsAt.getTime() / 1_000,
      })),
  ),
  gauge(
    'cart_build_info',
    '1, with the version of the service and the kind of its store.',
    ['version', 'store'],
    ({ build: { version, store } }) => [{ labels: [version, store], value: 1 }],
  ),
]

export const METRICS: readonly MetricKind[] = [
  ...REQUESTS,
  ...PUBLICATION,
  ...OWNERSHIP,
  ...SURROUNDINGS,
]
