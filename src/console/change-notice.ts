import { hrefOf } from './navigation.ts'
import type { Command } from './api-client.ts'
import { element, button } from './dom.ts'
import { durationText } from './format.ts'
import { openNotice } from './notices.ts'
import { sendUntilKnown, type Progress, type SentChange } from './send-change.ts'
import { visible } from './visible-text.ts'

/** Sends a change and says what became of it, until that is known. */

/** The changes that are not known yet, by order. Bounded by what one reader sends. */
const unsettled = new Map<string, Set<SentChange>>()

/** Something was heard of the order: the changes of it that are in doubt are asked for at once. */
export function askFor(orderId: string): void {
  for (const change of unsettled.get(orderId) ?? []) change.askNow()
}

/** In a notice, unless the caller has told it where the reader looks. */
export function sendWithNotice(
  orderId: string,
  command: Command,
  onProgress: (progress: Progress) => 'told' | void,
): void {
  const show = openNotice()
  const change = sendUntilKnown(command, (progress) => {
    if (progress.kind !== 'unsure') forget(orderId, change)
    if (onProgress(progress) !== 'told') tell(progress)
  })
  remember(orderId, change)

  function tell(progress: Progress): void {
    const again = button('Send again', () => sendWithNotice(orderId, command, onProgress), 'small')
    switch (progress.kind) {
      case 'done': {
        const link = element('a', { href: hrefOf({ view: 'orders', order: orderId }) }, 'Open')
        const text = `${visible(progress.answer.message)}, in ${durationText(progress.tookMs)}.`
        return show({ mood: 'good', text, more: [link] })
      }
      case 'unsure': {
        const text = `${visible(orderId)}: it may have happened: ${visible(progress.detail)}. Finding out…`
        return show({ mood: 'unsure', text, stays: true })
      }
      case 'given-up': {
        const text = `${visible(orderId)}: it may have happened: ${visible(progress.detail)}.`
        return show({ mood: 'unsure', text, more: [again], stays: true })
      }
      case 'refused': {
        const { outcome, detail } = progress.problem
        const isWorthIt = outcome === 'not-applied'
        const text = `${isWorthIt ? 'Nothing happened: ' : ''}${visible(detail)}.`
        return show({ mood: 'bad', text, more: isWorthIt ? [again] : [], stays: true })
      }
    }
  }
}

function remember(orderId: string, change: SentChange): void {
  const changes = unsettled.get(orderId) ?? new Set()
  unsettled.set(orderId, changes.add(change))
}

function forget(orderId: string, change: SentChange): void {
  const changes = unsettled.get(orderId)
  changes?.delete(change)
  if (changes?.size === 0) unsettled.delete(orderId)
}
