import { askUnread, converse, Tally, untrueAnswers } from './conversation.ts'
import type { Attack } from './harness.ts'
import { createLargeOrders, getRequest, times } from './requests.ts'
import { untilIdle } from './until-idle.ts'

/** Reads cost memory in the store, here, and on the way out: a list of 200 orders has 1.5 MB. */

const SIZES = {
  full: { orders: 300, few: 128, many: 2_048, unread: 1_600 },
  short: { orders: 20, few: 8, many: 32, unread: 200 },
} as const

const LIST = getRequest('/api/orders?limit=200')

export const listsByMany: Attack = {
  name: 'lists-by-many',
  about: 'many clients ask for long lists at once',
  async run(place) {
    const { orders, few, many } = SIZES[place.size]
    const { port } = await place.start()
    await createLargeOrders(port, orders)
    const tally = new Tally()
    const askLists = (clients: number, each: number): Promise<unknown> =>
      Promise.all(times(clients, () => converse(port, Array<string>(each).fill(LIST), tally)))
    await askLists(few, 5)
    await askLists(many, 1)
    const sent = `${few} clients × 5 lists of 200 orders, then ${many} × 1`
    const answered = tally.count('200') > 0 ? [] : ['no list was answered']
    return { sent, cameBack: tally.text, faults: [...untrueAnswers(tally), ...answered] }
  },
}

export const listsUnread: Attack = {
  name: 'lists-unread',
  about: 'one client asks for many long lists at once, reads none of them, and leaves',
  async run(place) {
    const { orders, unread } = SIZES[place.size]
    const target = await place.start()
    await createLargeOrders(target.port, orders)
    const socket = await askUnread(target.port, LIST.repeat(unread))
    // Idle is either done with all, or waiting for the reader.
    const whileUnread = await untilIdle(target.pid)
    const others = new Tally()
    await converse(target.port, [LIST], others)
    socket.destroy()
    const afterwards = await untilIdle(target.pid)
    const answered = others.count('200') === 1 ? [] : [`another client got ${others.text}`]
    return {
      sent: `${unread} lists of 200 orders on one connection, unread`,
      cameBack: `another client: ${others.text}`,
      faults: [...whileUnread, ...afterwards, ...answered],
    }
  },
}
