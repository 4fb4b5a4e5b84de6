import assert from 'node:assert/strict'
import { parseManifests, renderChart, type ChartValues, type Manifest } from './chart.ts'

/** Values of the chart that are taken, and some that are refused; and what becomes of them. */

export const RULES = 'deploy/observability/cart-rules.yaml'

/** Every part that a value switches, on and off. */
export const FORMS: Readonly<Record<string, ChartValues>> = {
  postgres: { set: { existingSecret: 'database' }, settings: { API_AUTH: 'none' } },
  'postgres, by an address': {
    settings: { API_AUTH: 'none', DATABASE_URL: 'postgres://cart@db/orders' },
  },
  'postgres, with everything': {
    set: {
      existingSecret: 'database',
      filesSecret: 'certificates',
      'migrations.job': 'true',
      'migrations.existingSecret': 'owner',
      'image.digest': `sha256:${'0'.repeat(64)}`,
      'image.pullSecrets[0].name': 'registry',
      'networkPolicy.enabled': 'true',
      'networkPolicy.from[0].podSelector.matchLabels.app': 'shop',
      'networkPolicy.egress[0].ports[0].port': '9092',
      'serviceMonitor.enabled': 'true',
      'prometheusRule.enabled': 'true',
      'podAnnotations.team': 'orders',
      'tolerations[0].operator': 'Exists',
      'serviceMonitor.credential.secretName': 'scraper',
      'nodeSelector.disk': 'fast',
    },
    settings: { API_AUTH: 'api-key', API_KEYS_FILE: '/etc/cart-service/keys' },
    files: { 'prometheusRule.rules': RULES },
  },
  'postgres, with TLS of its own': {
    set: { existingSecret: 'database', 'tls.secretName': 'cart-tls', 'service.port': '443' },
    settings: { API_AUTH: 'none' },
  },
  'postgres, that knows clients by certificates': {
    set: {
      existingSecret: 'database',
      filesSecret: 'certificates',
      'tls.secretName': 'cart-tls',
      'tls.clientCa': 'true',
      managementPort: '9000',
      'migrations.job': 'true',
      'networkPolicy.enabled': 'true',
      'serviceMonitor.enabled': 'true',
    },
    settings: { API_AUTH: 'client-cert', API_TLS_CLIENT_SCOPES: 'orders:read' },
  },
  'one of postgres': {
    set: { existingSecret: 'database', replicas: '1' },
    settings: { API_AUTH: 'none' },
  },
  sqlite: {
    set: { 'store.kind': 'sqlite', 'store.sqlite.storageClassName': 'block' },
    settings: { API_AUTH: 'none' },
  },
}

/** One thing is wrong with each. */
export const REFUSED: Readonly<Record<string, ChartValues>> = {
  'no address of PostgreSQL': { settings: { API_AUTH: 'none' } },
  'no word on who may call': { set: { existingSecret: 'd' } },
  'a file as the store of several': {
    settings: { API_AUTH: 'none', DATABASE_URL: 'sqlite:data/cart.db' },
  },
  'another store': wrong({ 'store.kind': 'mysql' }),
  'a misspelt value': wrong({ replica: '2' }),
  'no pods': wrong({ replicas: '0' }),
  'a setting that the chart makes': wrong({ 'settings.API_PORT': 'x' }),
  'a certificate that the chart does not know': wrong({ 'settings.API_TLS_CERT_FILE': 'x' }),
  'authorities of clients without a certificate': wrong({
    'tls.clientCa': 'true',
    managementPort: '9000',
  }),
  'certificates of clients, which probes do not have': wrong({
    'tls.secretName': 't',
    'tls.clientCa': 'true',
  }),
  'a scraper that does not know the certificate': wrong({
    'tls.secretName': 't',
    'serviceMonitor.enabled': 'true',
  }),
  'a setting that is a number': wrong({ 'settings.MAX_CONNECTIONS': '1' }),
  'a digest that is none': wrong({ 'image.digest': 'sha256:1' }),
  'rules that are switched on and empty': wrong({ 'prometheusRule.enabled': 'true' }),
}

function wrong(set: Readonly<Record<string, string>>): ChartValues {
  return { set: { existingSecret: 'database', ...set }, settings: { API_AUTH: 'none' } }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string }
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext: object
  readonly containers: ReadonlyArray<{
    readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>
    readonly securityContext: object
    readonly startupProbe?: Probe
    readonly livenessProbe?: Probe
    readonly readinessProbe?: Probe
    readonly ports?: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
    readonly volumeMounts?: ReadonlyArray<{ readonly mountPath: string }>
    readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: string[] } } }
  }>
}

export function podsOf(manifests: readonly Manifest[]): PodSpec[] {
  return manifests.flatMap(({ kind, spec }) => {
    if (kind === 'Pod') return [spec as unknown as PodSpec]
    const { template } = spec as { readonly template?: { readonly spec: PodSpec } }
    return template === undefined ? [] : [template.spec]
  })
}

export function kindsOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ kind }) => kind).toSorted()
}

export async function manifestsOf(form: string): Promise<Manifest[]> {
  return parseManifests(await renderChart('cart', FORMS[form] ?? assert.fail()))
}
