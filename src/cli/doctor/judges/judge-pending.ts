import type { LargeEvent } from '../../../service/kafka/record-size.ts'
import type { TopicCommands } from './commands.ts'
import { warning, type Finding } from './finding.ts'

/** The others are counted. */
const NAMED_MAX = 5

/** `large`: pending events that the topic does not take, because they are larger than it allows. */
export function judgePending(
  large: readonly LargeEvent[],
  maxMessageBytes: number,
  commands: TopicCommands,
): Finding[] {
  if (large.length === 0) return []
  const named = large
    .slice(0, NAMED_MAX)
    .map(({ orderId, version, bytes }) => `${orderId} version ${version} (${bytes} bytes)`)
  const more = large.length > NAMED_MAX ? `, and ${large.length - NAMED_MAX} more` : ''
  const neededBytes = Math.max(...large.map(({ bytes }) => bytes))
  return [
    warning(
      'pending events',
      `${large.length} larger than max.message.bytes=${maxMessageBytes} of the topic: ${named.join(', ')}${more}`,
      'Let the topic take them: the service publishes them then. Until then their orders cannot change.',
      commands.alter(`max.message.bytes=${neededBytes}`),
    ),
  ]
}
