import assert from 'node:assert/strict'

/** An event of the stream, as a reader gets it. */
export interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: {
    readonly eventId: string
    readonly type: string
    readonly version: number
    readonly topic: string | null
    readonly order: { readonly orderId: string; readonly status: string }
  }
}

export interface EventStream {
  readonly events: readonly StreamEvent[]
  /** With what a browser would connect again: also moved by what carries no event. */
  readonly lastEventId: () => string
  readonly headers: Headers
  /** How many comments came: heartbeats. */
  readonly commentCount: () => number
  /** Resolves when the connection has ended, from whichever side. */
  readonly ended: Promise<void>
  /** Cuts the connection. */
  close(): void
}

/** Connects and reads on its own; fails when the answer is not 200. */
export async function openEventStream(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const aborting = new AbortController()
  const response = await fetch(url, { headers, signal: aborting.signal })
  if (response.status !== 200) assert.fail(`${response.status} ${await response.text()}`)
  const events: StreamEvent[] = []
  let lastEventId = headers['Last-Event-ID'] ?? ''
  let commentCount = 0

  function take(block: string): void {
    const fields: Record<string, string> = {}
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
      if (name === '') commentCount += 1
      else fields[name] = value
    }
    const { id, event, data } = fields
    assert.ok(id !== undefined, `every block has an id: ${block}`)
    lastEventId = id
    if (data === undefined) return
    events.push({ id, event: event ?? '', data: JSON.parse(data) as StreamEvent['data'] })
  }

  async function read(): Promise<void> {
    assert.ok(response.body)
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  }

  return {
    events,
    lastEventId: () => lastEventId,
    headers: response.headers,
    commentCount: () => commentCount,
    // The service, or close(), may cut it in the middle of a portion.
    ended: read().catch((error: unknown) => {
      if (!(error instanceof Error) || !['AbortError', 'TypeError'].includes(error.name))
        throw error
    }),
    close: () => aborting.abort(),
  }
}
