/** CSV by RFC 4180, with texts that no spreadsheet takes for formulas. */

export type CsvColumns<Row> = readonly (readonly [
  name: string,
  read: (row: Row) => string | number,
])[]

/**
 * Where a cell may begin, and a formula with it (OWASP, "CSV Injection"; the full-width forms too): at the
 * text, and behind a semicolon, at which a spreadsheet of many languages splits whatever the quotes say.
 * The apostrophe is among them, so that a program gets each text back: where one is at such a place, the
 * first was put there.
 */
const NOT_FIRST = /(^|;)(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20']|[\t\r\n])/g

/**
 * Also what is a separator elsewhere, and what ends a line for readers that know the line ends of Unicode,
 * as Python's splitlines() does: they keep together what is in quotes.
 */
const TO_QUOTE = /[",;\t\r\n\u2028\u2029]/

/** The header line is there also where no row is. */
export function writeCsv<Row>(columns: CsvColumns<Row>, rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map(([, read]) => writeField(read(row))))
  return [columns.map(([name]) => name), ...lines]
    .map((fields) => `${fields.join(',')}\r\n`)
    .join('')
}

function writeField(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const harmless = value.replaceAll(NOT_FIRST, "$1'")
  return TO_QUOTE.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
