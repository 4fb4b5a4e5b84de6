import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../../../../src/cli/doctor/judges/finding.ts'
import { judgeClock } from '../../../../../src/cli/doctor/judges/judge-clock.ts'
import { judgeSubject } from '../../../../../src/cli/doctor/judges/judge-schema.ts'
import { judgeStore } from '../../../../../src/cli/doctor/judges/judge-store.ts'
import { judgeTopic } from '../../../../../src/cli/doctor/judges/judge-topic.ts'
import type { TopicFacts } from '../../../../../src/service/kafka/topic-facts.ts'

const healthy = { hasLeader: true, replicaCount: 3, inSyncCount: 3 }

const safeTopic: TopicFacts = {
  topic: 'orders',
  partitions: [healthy, healthy],
  settings: new Map([
    ['min.insync.replicas', '2'],
    ['cleanup.policy', 'delete'],
    ['unclean.leader.election.enable', 'false'],
  ]),
}

function notWell(findings: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(
    findings
      .filter(({ verdict }) => verdict !== 'ok')
      .map(({ check, verdict }) => [check, verdict]),
  )
}

function withSetting(name: string, value: string): TopicFacts {
  return { ...safeTopic, settings: new Map([...(safeTopic.settings ?? []), [name, value]]) }
}

function withPartition(partition: Partial<typeof healthy>): TopicFacts {
  return { ...safeTopic, partitions: [healthy, { ...healthy, ...partition }] }
}

test('a topic that keeps what it acknowledged has nothing to think of', () => {
  assert.deepEqual(notWell(judgeTopic(safeTopic, 2)), {})
})

test('each thing that weakens an acknowledgement is a warning of its own', () => {
  const few = { ...safeTopic, partitions: [{ ...healthy, replicaCount: 2, inSyncCount: 2 }] }
  assert.deepEqual(notWell(judgeTopic(few, 1)), { replication: 'warning' })
  assert.deepEqual(notWell(judgeTopic(withSetting('min.insync.replicas', '1'), 2)), {
    'min.insync.replicas': 'warning',
  })
  assert.deepEqual(notWell(judgeTopic(withSetting('cleanup.policy', 'compact,delete'), 2)), {
    'cleanup.policy': 'warning',
  })
  assert.deepEqual(notWell(judgeTopic(withSetting('unclean.leader.election.enable', 'true'), 2)), {
    'unclean leader election': 'warning',
  })
  assert.deepEqual(notWell(judgeTopic(withPartition({ inSyncCount: 2 }), 2)), {
    replication: 'warning',
  })
  assert.deepEqual(notWell(judgeTopic({ ...safeTopic, settings: undefined }, 2)), {
    'topic settings': 'warning',
  })
})

test('a partition that takes no event is a problem', () => {
  assert.deepEqual(notWell(judgeTopic(withPartition({ hasLeader: false }), 2)), {
    partitions: 'problem',
  })
  assert.deepEqual(notWell(judgeTopic(withPartition({ inSyncCount: 1 }), 2)), {
    replication: 'problem',
  })
})

test('another number of partitions than wanted is a warning that says which setting follows', () => {
  const [partitions] = judgeTopic(safeTopic, 3)
  assert.ok(partitions?.verdict === 'warning')
  assert.match(partitions.action, /KAFKA_TOPIC_PARTITIONS=2/)
})

const registered = {
  subject: 'orders-value',
  schemaId: 3,
  isCompatible: true,
  reasons: [],
  level: 'FULL_TRANSITIVE',
}

test('our schema under a guarded subject is well', () => {
  assert.deepEqual(notWell(judgeSubject(registered, true)), {})
})

test('an absent schema is a problem only where the service will not register it', () => {
  const absent = { ...registered, schemaId: undefined }
  const check = 'subject orders-value'
  assert.deepEqual(notWell(judgeSubject(absent, true)), { [check]: 'warning' })
  assert.deepEqual(notWell(judgeSubject(absent, false)), { [check]: 'problem' })
})

test('an incompatible schema is a problem, with the reasons of the registry', () => {
  const facts = { ...registered, schemaId: undefined, isCompatible: false, reasons: ['no default'] }
  const [finding] = judgeSubject(facts, true)
  assert.equal(finding?.verdict, 'problem')
  assert.match(finding?.detail ?? '', /not compatible.*no default/)
})

test('a subject that is guarded less, or not by itself, is a warning', () => {
  for (const level of [undefined, 'NONE', 'BACKWARD', 'FULL']) {
    assert.deepEqual(notWell(judgeSubject({ ...registered, level }, true)), {
      'compatibility of orders-value': 'warning',
    })
  }
})

test('a clock is wrong only beyond what the header and the way there can explain', () => {
  assert.equal(judgeClock(10_500, 10_000, 10_600).verdict, 'ok')
  // A slow answer: ours went on to 15 s meanwhile.
  assert.equal(judgeClock(10_000, 12_000, 15_000).verdict, 'ok')
  assert.equal(judgeClock(12_900, 11_000, 12_950).verdict, 'ok')
  const behind = judgeClock(10_000, 13_000, 10_100)
  assert.equal(behind.verdict, 'warning')
  assert.match(behind.detail, /^2\.9 s behind/)
  const ahead = judgeClock(20_000, 10_000, 20_100)
  assert.equal(ahead.verdict, 'warning')
  assert.match(ahead.detail, /^9\.0 s ahead of/)
})

test('a store is well with room on its disk, and tells what is pending', () => {
  const facts = { name: 'SQLite, x', exists: true, pendingCount: 1, freeBytes: 2 ** 40 }
  assert.deepEqual(judgeStore(facts), {
    check: 'store',
    verdict: 'ok',
    detail: 'SQLite, x, 1 pending event',
  })
  assert.match(judgeStore({ ...facts, exists: false }).detail, /made by the first start/)
  assert.equal(judgeStore({ ...facts, freeBytes: undefined }).verdict, 'ok')
  const full = judgeStore({ ...facts, freeBytes: 5 * 1024 ** 2 })
  assert.equal(full.verdict, 'warning')
  assert.match(full.detail, /^5 MiB free/)
})
