import { element } from './dom.ts'
import { countText } from './format.ts'
import { table } from './publication-report.ts'
import { visible } from './visible-text.ts'

/** What `doctor` and `audit` have found, as their JSON has it. */

interface Finding {
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'problem' | 'skipped'
  readonly detail: string
  readonly action?: string
  readonly command?: string
}

const MOODS = { ok: 'good', warning: 'warn', problem: 'bad', skipped: 'plain' } as const

export function describeDoctor(result: unknown): Node[] {
  const { findings } = result as { readonly findings: readonly Finding[] }
  const countOf = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length
  const skipped = countOf('skipped')
  const isFine = ({ verdict }: Finding): boolean => verdict === 'ok' || verdict === 'skipped'
  const fine = findings.filter(isFine)
  const sum = [
    `${countOf('ok')} ok`,
    countText(countOf('warning'), 'warning'),
    countText(countOf('problem'), 'problem'),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ')
  return [
    element('p', {}, `${sum}.`),
    // What is wrong first; the rest is read by those who want to.
    ...listOf(findings.filter((finding) => !isFine(finding)).toSorted(compareVerdicts)),
    element(
      'details',
      { class: 'quiet-details' },
      element('summary', {}, `${countText(fine.length, 'check')} without a finding`),
      ...listOf(fine),
    ),
  ]
}

function compareVerdicts(one: Finding, other: Finding): number {
  return Number(other.verdict === 'problem') - Number(one.verdict === 'problem')
}

function listOf(findings: readonly Finding[]): Node[] {
  if (findings.length === 0) return []
  return [element('ul', { class: 'findings' }, ...findings.map(describeFinding))]
}

function describeFinding({ check, verdict, detail, action, command }: Finding): HTMLElement {
  const mark = element('span', { class: `verdict verdict-${MOODS[verdict]}` }, verdict)
  return element(
    'li',
    {},
    mark,
    element('b', {}, visible(check)),
    element('span', {}, visible(detail)),
    ...(action === undefined ? [] : [element('p', { class: 'sub' }, visible(action))]),
    ...(command === undefined ? [] : [element('pre', { tabindex: '0' }, visible(command))]),
  )
}

interface Difference {
  readonly kind: string
  readonly orderId?: string
  readonly version?: number
  readonly eventId?: string
  readonly position: { readonly partition: number; readonly offset: number }
  readonly reason?: string
}

interface AuditResult {
  readonly agrees: boolean
  readonly storedCount: number
  readonly pendingCount: number
  readonly topicCount: number
  readonly expiredCount: number
  readonly differenceCount: number
  readonly differences: readonly Difference[]
  readonly tooLarge: readonly unknown[]
}

export function describeAudit(result: unknown): Node[] {
  const audit = result as AuditResult
  const { agrees, topicCount, storedCount, pendingCount, expiredCount, differenceCount } = audit
  const expired =
    expiredCount === 0 ? '' : `, ${expiredCount} not on the topic any more by its retention`
  const counts = `${countText(topicCount, 'event')} on the topic, ${countText(storedCount, 'event')} in the store, ${pendingCount} of them pending${expired}.`
  const verdict = agrees
    ? element('span', { class: 'verdict verdict-good' }, 'agree')
    : element('span', { class: 'verdict verdict-bad' }, countText(differenceCount, 'difference'))
  return [
    element('p', {}, 'Topic and store: ', verdict, ` ${counts}`),
    ...(audit.tooLarge.length === 0
      ? []
      : [
          element(
            'p',
            { class: 'finding-bad' },
            `${countText(audit.tooLarge.length, 'pending event')} larger than the topic allows.`,
          ),
        ]),
    ...(audit.differences.length === 0 ? [] : [differenceTable(audit.differences)]),
  ]
}

function differenceTable(differences: readonly Difference[]): HTMLElement {
  return table(
    ['Difference', 'Partition@offset', 'Order', 'Version', 'Event id'],
    differences.map(({ kind, position, orderId, version, eventId, reason }) => [
      kind,
      `${position.partition}@${position.offset}`,
      visible(orderId ?? reason ?? '?'),
      String(version ?? '?'),
      visible(eventId ?? 'none'),
    ]),
  )
}
