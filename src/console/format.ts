/** Amounts and moments as people of this browser's language write them. */

export function amountText(amount: number, currency: string): string {
  const style = { style: 'currency', currency, currencyDisplay: 'code' } as const
  return new Intl.NumberFormat(undefined, style).format(amount)
}

/** The time, and the day where it is another one than today. */
export function momentText(iso: string): string {
  const date = new Date(iso)
  const time = date.toLocaleTimeString(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? time : `${date.toLocaleDateString()} ${time}`
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
