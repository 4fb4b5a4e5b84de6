import process from 'node:process'
import { parseArgs } from 'node:util'
import { diagnoseSecretFiles } from './diagnose-readers.ts'
import { diagnoseService } from './diagnose-service.ts'
import { notExamined, ok, problem, warning, type Finding } from './judges/finding.ts'
import { loadConfig, ConfigError, type Config } from '../../config/config.ts'
import { findNearNames } from '../../config/near-names.ts'
import { readSettingSources } from '../../config/setting-sources.ts'
import { cartCall } from '../cart-call.ts'
import { JSON_OPTION, type Command, type Print } from '../command.ts'
import { columnsOf, hang } from '../layout.ts'
import { paintFor, type Paint, type Style } from '../paint.ts'
import { watchChecks } from './watch-checks.ts'

/** Erasable TypeScript, `using`, node:sqlite and UUID v7 are all there from then on. */
const NODE_MAJOR_WANTED = 26

const options = { json: JSON_OPTION } as const

export const doctor: Command = {
  summary: 'looks at everything the service needs, and says what to do about each finding',
  options,
  exitCodes: {
    0: 'no problem, perhaps warnings',
    1: 'a problem was found',
    2: 'an option is wrong',
  },
  async run(args, print) {
    const { values } = parseArgs({ args: [...args], options })
    const { config, findings: ofSettings } = readSettings()
    const findings = [
      judgeRuntime(process.versions.node),
      ...ofSettings,
      ...(config === undefined
        ? [notExamined('everything else', 'settings')]
        : await diagnoseWith(config, print)),
    ]
    const isWell = findings.every(({ verdict }) => verdict !== 'problem')
    if (values.json) print.out(JSON.stringify({ ok: isWell, findings }))
    else {
      const { stdout } = process
      const lines = describeFindings(findings, paintFor(stdout), columnsOf(stdout))
      for (const line of lines) print.out(line)
    }
    return isWell ? 0 : 1
  },
}

async function diagnoseWith(config: Config, print: Print): Promise<Finding[]> {
  // Only now: the other commands need not wait until the clients are loaded.
  const { diagnose } = await import('./diagnose.ts')
  const watch = watchChecks(print)
  const [surroundings, service] = await Promise.all([
    diagnose(config, watch),
    watch('service', diagnoseService(config)),
  ])
  return [...surroundings, service]
}

export function judgeRuntime(version: string): Finding {
  const major = Number(version.split('.')[0])
  if (major >= NODE_MAJOR_WANTED) return ok('runtime', `Node.js ${version}`)
  const action = `Run it by npm or npx, which use the Node.js of package.json, or install ${NODE_MAJOR_WANTED}.`
  return problem('runtime', `Node.js ${version}`, action)
}

function readSettings(): { config: Config | undefined; findings: Finding[] } {
  const { env, settings, problems, secretFiles } = readSettingSources()
  const correct = 'Correct it, or set the one that is meant.'
  const hints = [
    ...findNearNames(env).map((hint) => warning('settings', hint, correct)),
    ...diagnoseSecretFiles(secretFiles),
  ]
  const refuse = (reasons: readonly string[]) => {
    const action = 'Correct them. This shows where each value comes from:'
    const finding = problem('settings', reasons.join('; '), action, cartCall('config'))
    return { config: undefined, findings: [finding, ...hints] }
  }
  if (problems.length > 0) return refuse(problems)
  try {
    const config = loadConfig(env)
    const countOf = (source: string): number =>
      settings.filter((setting) => setting.source === source).length
    const detail = `usable; ${countOf('environment')} from the environment, ${countOf('.env')} from .env`
    return { config, findings: [ok('settings', detail), ...hints] }
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems)
    throw error
  }
}

const STYLES: Readonly<Record<Finding['verdict'], Style>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  skipped: 'cyan',
}

/** `columns`: where lines are broken; commands to paste never are. */
export function describeFindings(
  findings: readonly Finding[],
  paint: Paint,
  columns = Infinity,
): string[] {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const indent = ' '.repeat('problem  '.length)
  return [
    ...findings.flatMap((finding) => {
      const { check, verdict, detail } = finding
      const mark = verdict.padEnd('problem'.length)
      const [first = '', ...others] = hang(`${mark}  ${check.padEnd(width)}  `, detail, columns)
      const lines = [paint(STYLES[verdict], mark) + first.slice(mark.length), ...others]
      if (!('action' in finding)) return lines
      const { action, command } = finding
      const [advice = '', ...more] = hang(`${indent}-> `, action, columns)
      lines.push(advice.replace('->', paint('bold', '->')), ...more)
      // On a line of its own, so that it can be copied as it is.
      return command === undefined ? lines : [...lines, `${indent}   ${command}`]
    }),
    describeVerdict(findings, paint),
  ]
}

/** In a sentence, and by numbers. */
function describeVerdict(findings: readonly Finding[], paint: Paint): string {
  const countOf = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length
  const counts = [
    `${countOf('ok')} ok`,
    plural(countOf('warning'), 'warning'),
    plural(countOf('problem'), 'problem'),
    ...(countOf('skipped') === 0 ? [] : [`${countOf('skipped')} skipped`]),
  ].join(', ')
  const worst = (['problem', 'warning', 'skipped'] as const).find((one) => countOf(one) > 0) ?? 'ok'
  return `${paint(STYLES[worst], SENTENCES[worst])}: ${counts}`
}

const SENTENCES: Readonly<Record<Finding['verdict'], string>> = {
  problem: 'It does not work as it should',
  warning: 'It works, with warnings',
  skipped: 'No problem found, not all examined',
  ok: 'All is well',
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
