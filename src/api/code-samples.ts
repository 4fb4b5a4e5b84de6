/** How each operation is called, as programs to copy: the `x-codeSamples` of the OpenAPI document. */

/** Where the samples send, until the document is asked for under another address. */
export const SAMPLE_ORIGIN = 'http://localhost:8000'

export interface SampleRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: Readonly<Record<string, string | number>>
  /** The answer does not end. */
  readonly isStream?: true
}

export interface CodeSample {
  readonly lang: 'Shell' | 'JavaScript' | 'Python'
  readonly label: 'curl' | 'JavaScript' | 'Python'
  readonly source: string
}

/** By operationId; a test demands every operation here. */
export const SAMPLE_REQUESTS: Readonly<Record<string, SampleRequest>> = {
  createOrder: {
    method: 'POST',
    path: '/api/create-order',
    body: { orderId: 'ORD-1', numItems: 2 },
  },
  updateOrder: {
    method: 'PUT',
    path: '/api/update-order',
    body: { orderId: 'ORD-1', status: 'confirmed' },
  },
  getOrder: { method: 'GET', path: '/api/orders/ORD-1' },
  listOrders: { method: 'GET', path: '/api/orders?status=pending&limit=20' },
  listOrderEvents: { method: 'GET', path: '/api/orders/ORD-1/events' },
  getOrderEvent: { method: 'GET', path: '/api/orders/ORD-1/events/1' },
  followChanges: { method: 'GET', path: '/api/events/stream', isStream: true },
  listSettings: { method: 'GET', path: '/api/operations/settings' },
  getPublication: { method: 'GET', path: '/api/operations/publication' },
  listRuns: { method: 'GET', path: '/api/operations/runs' },
  eraseOrder: { method: 'POST', path: '/api/operations/erasures', body: { orderId: 'ORD-1' } },
  startRun: { method: 'POST', path: '/api/operations/runs', body: { tool: 'doctor' } },
  getService: { method: 'GET', path: '/' },
  getHealth: { method: 'GET', path: '/health' },
  getLiveness: { method: 'GET', path: '/health/live' },
  getReadiness: { method: 'GET', path: '/health/ready' },
}

export function codeSamplesFor(operationId: string): readonly CodeSample[] {
  const request = SAMPLE_REQUESTS[operationId]
  if (request === undefined) return []
  return [
    { lang: 'Shell', label: 'curl', source: curl(request) },
    { lang: 'JavaScript', label: 'JavaScript', source: javaScript(request) },
    { lang: 'Python', label: 'Python', source: python(request) },
  ]
}

function curl(request: SampleRequest): string {
  const { method, path, body, isStream } = request
  const verb = method === 'GET' ? '' : `-X ${method} `
  return [
    `curl ${isStream ? '-N' : '-i'} ${verb}'${SAMPLE_ORIGIN}${path}'`,
    ...(body === undefined
      ? []
      : [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`]),
  ].join(' \\\n  ')
}

function javaScript(request: SampleRequest): string {
  const { method, path, body, isStream } = request
  const url = JSON.stringify(SAMPLE_ORIGIN + path)
  if (isStream) {
    return [
      `const changes = new EventSource(${url})`,
      'const show = ({ data }) => console.log(JSON.parse(data))',
      "changes.addEventListener('com.ecommerce.order.created', show)",
      "changes.addEventListener('com.ecommerce.order.status-changed', show)",
    ].join('\n')
  }
  const fields = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...(body === undefined ? [] : [`  headers: { 'Content-Type': 'application/json' },`]),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${JSON.stringify(body)}),`]),
  ]
  const call = fields.length === 0 ? `fetch(${url})` : `fetch(${url}, {\n${fields.join('\n')}\n})`
  return `const response = await ${call}\nconsole.log(response.status, await response.json())`
}

function python({ method, path, body, isStream }: SampleRequest): string {
  const url = JSON.stringify(SAMPLE_ORIGIN + path)
  if (isStream) {
    return [
      'import requests',
      '',
      `with requests.get(${url}, stream=True, timeout=(5, 60)) as changes:`,
      // As bytes: decoded, lines would end at characters of the texts, too.
      '    for line in changes.iter_lines():',
      '        if line.startswith(b"data:"):',
      '            print(line.removeprefix(b"data:").decode())',
    ].join('\n')
  }
  const options = [
    url,
    ...(body === undefined ? [] : [`json=${JSON.stringify(body)}`]),
    // Longer than the service takes, so that it can say how things stand.
    'timeout=15',
  ]
  const call = `requests.${method.toLowerCase()}(\n    ${options.join(',\n    ')},\n)`
  return `import requests\n\nresponse = ${call}\nprint(response.status_code, response.json())`
}
