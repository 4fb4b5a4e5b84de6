import type {
  Acked,
  EventPublisher,
  PublishOutcome,
} from '../../src/business/publication/publisher-port.ts'
import type { EventPosition, PendingEvent } from '../../src/models/order-event.ts'

/** The same publisher. `hear` is told of each event that it says to be on the topic, before whoever asked is. */
export function watchAcks(
  publisher: EventPublisher,
  hear: (pending: PendingEvent, position: EventPosition) => void,
): EventPublisher {
  const noteOutcome = (pending: PendingEvent, outcome: PublishOutcome): void => {
    if (outcome.kind === 'acked') hear(pending, outcome.position)
    if (outcome.kind !== 'in-doubt') return
    void outcome.resolution.then((definite) => noteOutcome(pending, definite))
  }
  return {
    admit: (key) => publisher.admit(key),
    async publish(pending, deadlineMs): Promise<PublishOutcome> {
      const outcome = await publisher.publish(pending, deadlineMs)
      noteOutcome(pending, outcome)
      return outcome
    },
    async recover(pending): Promise<Acked> {
      const acked = await publisher.recover(pending)
      noteOutcome(pending, acked)
      return acked
    },
  }
}
