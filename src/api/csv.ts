/** CSV by RFC 4180, with texts that no spreadsheet takes for formulas. */

export type CsvColumns<Row> = readonly (readonly [
  name: string,
  read: (row: Row) => string | number,
])[]

/**
 * With these a formula begins (OWASP, "CSV Injection"), the full-width forms too. The apostrophe is among
 * them, so that a program gets each text back: where one comes first, it was put there.
 */
const NOT_FIRST = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20']/

/** The header line is there also where no row is. */
export function writeCsv<Row>(columns: CsvColumns<Row>, rows: readonly Row[]): string {
  const lines = rows.map((row) => columns.map(([, read]) => writeField(read(row))))
  return [columns.map(([name]) => name), ...lines]
    .map((fields) => `${fields.join(',')}\r\n`)
    .join('')
}

function writeField(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const harmless = NOT_FIRST.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
