/** The panels of the dashboard, row by row: what each asks Prometheus for. dashboard.ts lays them out. */

interface Query {
  readonly expr: string
  readonly legend: string
}

export interface Panel {
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly kind?: 'timeseries' | 'stat'
  readonly queries: readonly Query[]
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const OF = '{instance=~"$instance"}'

function rate(name: string, by: string, more = ''): string {
  return `sum by (${by}) (rate(${name}{instance=~"$instance"${more}}[$__rate_interval]))`
}

function increase(name: string, by: string): string {
  return `sum by (${by}) (increase(${name}{instance=~"$instance"}[$__rate_interval]))`
}

function quantile(share: number, name: string, by = ''): Query {
  const labels = by === '' ? 'le' : `le, ${by}`
  const legend = by === '' ? `p${share * 100}` : `{{${by}}}`
  return { expr: `histogram_quantile(${share}, ${rate(`${name}_bucket`, labels)})`, legend }
}

export const ROWS: readonly Row[] = [
  {
    title: 'Do changes get definite answers?',
    panels: [
      {
        title: 'Definite answers, 1 h',
        description: 'Share of changes that were not answered "unknown" or 500. Objective: 99.9 %.',
        unit: 'percentunit',
        kind: 'stat',
        queries: [{ expr: '1 - cart:indefinite:ratio_rate1h', legend: 'definite' }],
      },
      {
        title: 'Changes without a definite answer',
        description: 'unknown: settled later. failed: a bug. Both spend the budget.',
        unit: 'reqps',
        queries: [
          {
            expr: rate('cart_changes_total', 'outcome', ', outcome=~"unknown|failed"'),
            legend: '{{outcome}}',
          },
        ],
      },
      {
        title: 'Changes by outcome',
        description:
          'Creations, updates and erasures. done and replayed are successes, refused is the caller’s, not-applied came to nothing for sure.',
        unit: 'reqps',
        queries: [{ expr: rate('cart_changes_total', 'outcome'), legend: '{{outcome}}' }],
      },
      {
        title: 'Time of changes',
        description: 'From the head of a request to the last byte of its answer, successes only.',
        unit: 's',
        queries: [0.5, 0.99].map((share) => ({
          expr: `histogram_quantile(${share}, ${rate('cart_http_server_request_duration_seconds_bucket', 'le', ', route=~"/api/(create|update)-order", status=~"2.."')})`,
          legend: `p${share * 100}`,
        })),
      },
      {
        title: 'Requests by route and status',
        description: 'All requests, those that were turned away included.',
        unit: 'reqps',
        queries: [
          {
            expr: rate('cart_http_server_request_duration_seconds_count', 'route, status'),
            legend: '{{route}} {{status}}',
          },
        ],
      },
      {
        title: 'Turned away',
        description: '503 SERVICE_FULL before the request began.',
        unit: 'reqps',
        queries: [{ expr: rate('cart_turned_away_total', 'work'), legend: '{{work}}' }],
      },
    ],
  },
  {
    title: 'Publication',
    panels: [
      {
        title: 'Time to acknowledgement',
        description:
          'From handing an event to its lane to Kafka’s acknowledgement. The points are traces.',
        unit: 's',
        queries: [
          quantile(0.5, 'cart_publish_ack_seconds'),
          quantile(0.99, 'cart_publish_ack_seconds'),
        ],
      },
      {
        title: 'Oldest pending event',
        description: 'Above a minute an alert fires.',
        unit: 's',
        queries: [{ expr: `cart_pending_oldest_age_seconds${OF}`, legend: '{{instance}}' }],
      },
      {
        title: 'Pending and parked events',
        description: 'Parked: the topic refuses them, each alone.',
        unit: 'short',
        queries: [
          { expr: `cart_pending_events${OF}`, legend: 'pending {{instance}}' },
          { expr: `cart_parked_events${OF}`, legend: 'parked {{instance}}' },
        ],
      },
      {
        title: 'Lanes that are not open',
        description: 'Partitions that take no events, by the reason.',
        unit: 'short',
        queries: [
          {
            expr: 'sum by (instance, state) (cart_lanes{instance=~"$instance", state!="open"})',
            legend: '{{state}} {{instance}}',
          },
        ],
      },
      {
        title: 'Produce requests',
        description: 'Each has the batches of all partitions of one leader that have events then.',
        unit: 'reqps',
        queries: [{ expr: rate('cart_produce_requests_total', 'result'), legend: '{{result}}' }],
      },
      {
        title: 'Batches that were not acked',
        description:
          'refused: proven not on the topic. unknown: looked for there. A healthy service has none.',
        unit: 'ops',
        queries: [
          {
            expr: rate('cart_produced_batches_total', 'result', ', result!="acked"'),
            legend: '{{result}}',
          },
        ],
      },
      {
        title: 'Events in a Produce request',
        description: 'The mean: requests get larger under load.',
        unit: 'short',
        queries: [
          {
            expr: `${rate('cart_produced_events_total', 'instance')} / ${rate('cart_produce_requests_total', 'instance')}`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Looks on the topic',
        description: 'By cause. A healthy service makes none.',
        unit: 'ops',
        queries: [{ expr: rate('cart_topic_looks_total', 'cause'), legend: '{{cause}}' }],
      },
    ],
  },
  {
    title: 'Ownership and recovery',
    panels: [
      {
        title: 'Lease held',
        description: '0: the instance takes no changes.',
        unit: 'short',
        queries: [{ expr: `cart_lease_held${OF}`, legend: '{{instance}}' }],
      },
      {
        title: 'Events taken over and recovered',
        description: 'Of instances that are gone, or whose partition made no progress.',
        unit: 'short',
        queries: [
          {
            expr: increase('cart_taken_over_events_total', 'instance'),
            legend: 'taken over by {{instance}}',
          },
          {
            expr: increase('cart_handed_over_events_total', 'instance'),
            legend: 'handed over by {{instance}}',
          },
          { expr: increase('cart_recovered_events_total', 'how'), legend: 'recovered: {{how}}' },
        ],
      },
      {
        title: 'Contests and lost leases',
        description: 'Somebody else sent as this instance, or took over from it.',
        unit: 'short',
        queries: [
          {
            expr: increase('cart_contested_total', 'instance'),
            legend: 'contested {{instance}}',
          },
          {
            expr: increase('cart_lease_losses_total', 'instance'),
            legend: 'lost {{instance}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Surroundings',
    panels: [
      {
        title: 'Dependencies',
        description: '1 up, 0.5 degraded, 0 down.',
        unit: 'short',
        queries: [{ expr: `cart_dependency_up${OF}`, legend: '{{dependency}} {{instance}}' }],
      },
      {
        title: 'Operations of the store, p99',
        description: 'From the begin of a batch to its answer.',
        unit: 's',
        queries: [quantile(0.99, 'cart_store_operation_seconds', 'op')],
      },
      {
        title: 'Failures of the store',
        description: 'By whether the operation may have been applied.',
        unit: 'ops',
        queries: [
          { expr: rate('cart_store_failures_total', 'applied'), legend: 'applied: {{applied}}' },
        ],
      },
      {
        title: 'Readers of the stream',
        description: 'Connected, and disconnected from here.',
        unit: 'short',
        queries: [
          { expr: `cart_stream_readers${OF}`, legend: '{{instance}}' },
          {
            expr: increase('cart_stream_readers_dropped_total', 'instance'),
            legend: 'dropped {{instance}}',
          },
        ],
      },
      {
        title: 'Event loop, p99 of the delay',
        description: 'What every request waits for.',
        unit: 's',
        queries: [{ expr: `nodejs_eventloop_lag_p99_seconds${OF}`, legend: '{{instance}}' }],
      },
      {
        title: 'Cores',
        description: 'Seconds of processor time a second; one is all that the main thread can use.',
        unit: 'short',
        queries: [{ expr: rate('process_cpu_seconds_total', 'instance'), legend: '{{instance}}' }],
      },
      {
        title: 'Resident memory',
        description: 'Of the whole process.',
        unit: 'bytes',
        queries: [{ expr: `process_resident_memory_bytes${OF}`, legend: '{{instance}}' }],
      },
      {
        title: 'Days to the end of credentials',
        description:
          'Of certificates, tokens and API keys. Below seven an alert fires. Empty where none is used.',
        unit: 'd',
        queries: [
          {
            expr: `(cart_credential_expiry_timestamp_seconds${OF} - time()) / 86400`,
            legend: '{{kind}} {{id}} {{instance}}',
          },
        ],
      },
      {
        title: 'Instances by version',
        description: 'Two versions while an upgrade goes round.',
        unit: 'short',
        queries: [
          {
            expr: `count by (version, store) (cart_build_info${OF})`,
            legend: '{{version}} {{store}}',
          },
        ],
      },
    ],
  },
]
