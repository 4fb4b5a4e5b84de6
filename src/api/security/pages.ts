/** Pages that a browser may come back to. No other address: a link could lead anywhere by it. */
export const PAGES = ['console', 'docs', 'redoc', 'asyncapi'] as const

export type PageName = (typeof PAGES)[number]

const [FIRST_PAGE] = PAGES

export function pageOf(name: string | undefined): PageName {
  return PAGES.find((page) => page === name) ?? FIRST_PAGE
}

/** Where a browser logs in, as seen from that page: a proxy may serve all of them under a prefix. */
export function loginFrom(url: string, page: PageName): string {
  const [path = ''] = url.split('?', 1)
  const depth = path.split('/').length - 2
  return `${'../'.repeat(depth)}login?next=${page}`
}
