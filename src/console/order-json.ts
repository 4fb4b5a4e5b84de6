/** Orders, and pages of a list, as the API answers them. */

export interface OrderItem {
  readonly itemId: string
  readonly quantity: number
  readonly price: number
}

export interface Order {
  readonly orderId: string
  readonly customerId: string
  readonly orderDate: string
  readonly items: readonly OrderItem[]
  readonly totalAmount: number
  readonly currency: string
  readonly status: string
}

/** Whose it was is erased, and nothing of it changes any more. */
export function isErased({ customerId }: Order): boolean {
  return customerId === ''
}

export interface Page<Item> {
  readonly data: readonly Item[]
  readonly nextCursor: string | null
}
