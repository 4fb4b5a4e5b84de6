import { followPlace, goTo } from './navigation.ts'
import type { Addresses } from './copy-commands.ts'
import type { LiveEvent } from './live-stream.ts'
import { openOrder, type OpenOrder } from './order-panel.ts'

/** The panel of the order that the address names. */

/** So that an order that changes many times a second is read now and then and not all the time. */
const REFRESH_EVERY_MS = 250

export interface OpenOrderPanel {
  readonly refresh: () => void
  readonly add: (event: LiveEvent) => void
}

export function startOpenOrder(panel: HTMLElement, addresses: () => Addresses): OpenOrderPanel {
  let open: OpenOrder | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  followPlace(({ order }) => {
    if (order === (open?.orderId ?? '')) return
    const left = open?.orderId
    document.body.classList.toggle('has-open', order !== '')
    panel.hidden = order === ''
    if (order === '') {
      open = undefined
      panel.replaceChildren()
      if (left !== undefined) focusRow(left)
      return
    }
    open = openOrder(panel, order, { addresses, onClose: () => goTo({ order: '' }) })
  })
  return {
    refresh: () => open?.refresh(),
    add({ order }) {
      if (order.orderId !== open?.orderId) return
      timer ??= setTimeout(() => {
        timer = undefined
        open?.refresh()
      }, REFRESH_EVERY_MS)
    },
  }
}

/** Back to where the reader came from. */
function focusRow(orderId: string): void {
  const row = document.querySelector(`[data-order-id="${CSS.escape(orderId)}"]`)
  row?.querySelector('a')?.focus()
}
