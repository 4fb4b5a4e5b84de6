import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  setLevelCommand,
  topicCommands,
  type BrokerAccess,
} from '../../../../../src/cli/doctor/commands.ts'
import type { Finding } from '../../../../../src/cli/doctor/judges/finding.ts'
import { judgeClock, type ClockReading } from '../../../../../src/cli/doctor/judges/judge-clock.ts'
import { judgeKeys } from '../../../../../src/cli/doctor/judges/judge-keys.ts'
import { judgePending } from '../../../../../src/cli/doctor/judges/judge-pending.ts'
import {
  judgeCreation,
  judgeRequests,
  judgeRights,
} from '../../../../../src/cli/doctor/judges/judge-rights.ts'
import {
  isOfOneQuestion,
  judgeRegistryFailure,
  judgeUnreadLevel,
  judgeUnreadSubject,
} from '../../../../../src/cli/doctor/judges/judge-registry.ts'
import { judgeLevel, judgeRegistration } from '../../../../../src/cli/doctor/judges/judge-schema.ts'
import { judgeStore } from '../../../../../src/cli/doctor/judges/judge-store.ts'
import { limitsOf, judgeTopic } from '../../../../../src/cli/doctor/judges/judge-topic.ts'
import type { LargeEvent } from '../../../../../src/service/kafka/record-size.ts'
import type { TopicFacts, TopicRights } from '../../../../../src/service/kafka/topic-facts.ts'

const servers = [
  { host: 'kafka', port: 9092 },
  { host: '::1', port: 9093 },
]

const commands = topicCommands(servers, {}, 'orders')

const AT = '--bootstrap-server kafka:9092,[::1]:9093'

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

test('a topic that keeps what it acknowledged has no warning', () => {
  assert.deepEqual(notWell(judgeTopic(safeTopic, 2, commands)), {})
})

test('each thing that weakens an acknowledgement is a warning of its own', () => {
  const few = { ...safeTopic, partitions: [{ ...healthy, replicaCount: 2, inSyncCount: 2 }] }
  assert.deepEqual(notWell(judgeTopic(few, 1, commands)), { replication: 'warning' })
  assert.deepEqual(notWell(judgeTopic(withSetting('min.insync.replicas', '1'), 2, commands)), {
    'min.insync.replicas': 'warning',
  })
  assert.deepEqual(
    notWell(judgeTopic(withSetting('cleanup.policy', 'compact,delete'), 2, commands)),
    {
      'cleanup.policy': 'warning',
    },
  )
  assert.deepEqual(
    notWell(judgeTopic(withSetting('unclean.leader.election.enable', 'true'), 2, commands)),
    {
      'unclean leader election': 'warning',
    },
  )
  assert.deepEqual(notWell(judgeTopic(withPartition({ inSyncCount: 2 }), 2, commands)), {
    replication: 'warning',
  })
  assert.deepEqual(notWell(judgeTopic({ ...safeTopic, settings: undefined }, 2, commands)), {
    'topic settings': 'warning',
  })
})

test('a partition that takes no event is a problem', () => {
  assert.deepEqual(notWell(judgeTopic(withPartition({ hasLeader: false }), 2, commands)), {
    partitions: 'problem',
  })
  assert.deepEqual(notWell(judgeTopic(withPartition({ inSyncCount: 1 }), 2, commands)), {
    replication: 'problem',
  })
})

test('another number of partitions than wanted is a warning that says which setting follows', () => {
  const [partitions] = judgeTopic(safeTopic, 3, commands)
  assert.ok(partitions?.verdict === 'warning')
  assert.match(partitions.action, /KAFKA_TOPIC_PARTITIONS=2/)
})

const registered = { subject: 'orders-value', schemaId: 3, isCompatible: true, reasons: [] }

const setLevel = setLevelCommand({ url: 'http://registry:8081/api', auth: 'none' })

test('our schema under a guarded subject is well', () => {
  assert.equal(judgeRegistration(registered, true).verdict, 'ok')
  assert.equal(judgeLevel('orders-value', 'FULL_TRANSITIVE', setLevel).verdict, 'ok')
})

test('an absent schema is a problem only where the service will not register it', () => {
  const absent = { ...registered, schemaId: undefined }
  assert.equal(judgeRegistration(absent, true).verdict, 'warning')
  assert.equal(judgeRegistration(absent, false).verdict, 'problem')
})

test('an incompatible schema is a problem, with the reasons of the registry', () => {
  const facts = { ...registered, schemaId: undefined, isCompatible: false, reasons: ['no default'] }
  const finding = judgeRegistration(facts, true)
  assert.equal(finding.verdict, 'problem')
  assert.match(finding.detail, /not compatible.*no default/)
})

test('a subject that is guarded less, or not by itself, is a warning with the command', () => {
  for (const level of [undefined, 'NONE', 'BACKWARD', 'FULL']) {
    const finding = judgeLevel('orders-value', level, setLevel)
    assert.ok(finding.verdict === 'warning')
    assert.equal(
      finding.command,
      `curl -X PUT 'http://registry:8081/api/config/orders-value' -H 'content-type: application/vnd.schemaregistry.v1+json' -d '{"compatibility":"FULL_TRANSITIVE"}'`,
    )
  }
  const url = 'https://registry'
  const basic = setLevelCommand({ url, auth: 'basic' })('orders-value', 'FULL')
  assert.match(basic, /^curl -X PUT -u "\$SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO" 'http/)
  const tls = { caFile: '/own ca.pem', certificateFile: '/a.pem', keyFile: '/a.key' }
  const bearer = setLevelCommand({ url, auth: 'bearer', tls })('orders-value', 'FULL')
  assert.match(
    bearer,
    /^curl -X PUT -H "authorization: Bearer \$SCHEMA_REGISTRY_BEARER_AUTH_TOKEN" --cacert '\/own ca.pem' --cert \/a.pem --key \/a.key 'http/,
  )
})

test('a registry that refuses one question is there, and what it refuses is named', () => {
  const forbidden = { status: 403, message: 'answered 403 when asked to tell the compatibility' }
  assert.ok(isOfOneQuestion(forbidden))
  const level = judgeUnreadLevel('orders-value', forbidden, 'basic')
  assert.equal(level.verdict, 'skipped')
  assert.match(level.detail, /answered 403/)
  assert.ok('action' in level && !level.action.includes('SCHEMA_REGISTRY_URL'))
  // Without this answer the service has no schema id.
  assert.equal(judgeUnreadSubject('orders-value', forbidden, 'none').verdict, 'problem')
})

test('each failure of a registry comes with what mends it', () => {
  for (const [status, action] of [
    [401, /^Set SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO/],
    [404, /^Set SCHEMA_REGISTRY_URL/],
    [301, /^Set SCHEMA_REGISTRY_URL/],
    [500, /log of the registry/],
    [undefined, /SCHEMA_REGISTRY_URL.*log/],
  ] as const) {
    assert.ok(!isOfOneQuestion({ status, message: 'x' }))
    const finding = judgeRegistryFailure({ status, message: 'x' }, 'basic')
    assert.ok(finding.verdict === 'problem')
    assert.match(finding.action, action)
  }
})

test('a registry that does not know the credential names the setting of that very one', () => {
  const unknown = { status: 401, message: 'x' }
  for (const [auth, setting] of [
    ['none', /BASIC_AUTH_USER_INFO or .*BEARER_AUTH/],
    ['bearer', /BEARER_AUTH_TOKEN/],
    ['oauth', /BEARER_AUTH_CLIENT_ID/],
  ] as const) {
    const finding = judgeRegistryFailure(unknown, auth)
    assert.ok(finding.verdict === 'problem')
    assert.match(finding.action, setting)
  }
})

function given(access: BrokerAccess): string {
  return topicCommands(servers, access, 'orders').allow(['Read'])
}

test('a right is given to the one whom the service signs in as, by an administrator', () => {
  const tls = {}
  assert.equal(
    given({ tls, sasl: { mechanism: 'SCRAM-SHA-512', username: "o'cart" } }),
    `kafka-acls.sh ${AT} --command-config admin.properties --add --allow-principal 'User:o'\\''cart' --operation Read --topic orders`,
  )
  assert.match(given({ sasl: { mechanism: 'PLAIN', username: 'cart' } }), /-principal User:cart /)
  for (const access of [
    { tls: { certificateFile: 'cart.pem' } },
    { tls, sasl: { mechanism: 'OAUTHBEARER' } },
  ]) {
    assert.match(given(access), /--allow-principal "User:\$KAFKA_PRINCIPAL" /)
  }
  assert.match(given({ tls }), /admin.properties --add --allow-principal User:ANONYMOUS /)
})

test('framed keys of others are a warning only where ours are plain', () => {
  const found = { found: 'subject orders-key is registered' }
  const warned = judgeKeys('string', [{}, found])
  assert.equal(warned.verdict, 'warning')
  assert.match(warned.detail, /^string, and subject orders-key is registered: consumers .* skip/)
  assert.equal(judgeKeys('string', [{}, { found: undefined }]).verdict, 'ok')
  const sample = 'the first and the last record of each of 3 partitions'
  const sampled = judgeKeys('string', [{ found: undefined, sample }, { found: undefined }])
  assert.match(
    sampled.detail,
    /no Avro key in what was looked at: the first and the last record of/,
  )
  assert.equal(judgeKeys('avro', [found]).verdict, 'ok')
  assert.equal(judgeKeys('string', [{}, { failure: 'no answer' }]).verdict, 'skipped')
  assert.equal(judgeKeys('string', [found, { failure: 'no answer' }]).verdict, 'warning')
})

function clock(beforeMs: number, dateMs: number, afterMs: number): ClockReading {
  return { beforeMs, dateMs, afterMs }
}

test('a clock is wrong only beyond what the header and the way there can explain', () => {
  assert.equal(judgeClock(clock(10_500, 10_000, 10_600), undefined).verdict, 'ok')
  // A slow answer: ours went on to 15 s meanwhile.
  assert.equal(judgeClock(clock(10_000, 12_000, 15_000), undefined).verdict, 'ok')
  assert.equal(judgeClock(clock(12_900, 11_000, 12_950), undefined).verdict, 'ok')
  const behind = judgeClock(clock(10_000, 13_000, 10_100), undefined)
  assert.equal(behind.verdict, 'warning')
  assert.match(behind.detail, /^2\.9 s behind/)
  const ahead = judgeClock(clock(20_000, 10_000, 20_100), undefined)
  assert.equal(ahead.verdict, 'warning')
  assert.match(ahead.detail, /^9\.0 s ahead of/)
})

test('a clock that cannot be compared is not known', () => {
  const finding = judgeClock({ failure: 'the registry cannot be reached' }, undefined)
  assert.equal(finding.verdict, 'skipped')
  assert.equal(finding.detail, 'not compared: the registry cannot be reached')
})

test('a clock that runs ahead by more than the topic takes is a problem, and one behind is not', () => {
  const ahead = clock(7_300_000, 0, 7_300_100)
  assert.equal(judgeClock(ahead, 7_299_000).verdict, 'warning')
  const refused = judgeClock(ahead, 3_600_000)
  assert.equal(refused.verdict, 'problem')
  assert.match(refused.detail, /^7299\.0 s ahead of .*more than 3600\.0 s ahead/)
  assert.equal(judgeClock(clock(0, 7_300_000, 100), 3_600_000).verdict, 'warning')
})

test('the limits of a topic are those of its brokers, of either name', () => {
  const none = { maxMessageBytes: undefined, aheadMaxMs: undefined }
  assert.deepEqual(limitsOf(undefined), none)
  assert.deepEqual(limitsOf(safeTopic), none)
  assert.equal(limitsOf(withSetting('max.message.bytes', '1048588')).maxMessageBytes, 1_048_588)
  const older = withSetting('message.timestamp.difference.max.ms', '60000')
  assert.equal(limitsOf(older).aheadMaxMs, 60_000)
  const newer = new Map([...(older.settings ?? []), ['message.timestamp.after.max.ms', '5000']])
  assert.equal(limitsOf({ ...older, settings: newer }).aheadMaxMs, 5_000)
  const stamped = new Map([...newer, ['message.timestamp.type', 'LogAppendTime']])
  assert.equal(limitsOf({ ...older, settings: stamped }).aheadMaxMs, undefined)
})

function large(version: number, bytes: number): LargeEvent {
  return { orderId: 'ORD-1', version, eventId: 'event', bytes }
}

test('pending events that the topic does not take are named, with what lets them through', () => {
  assert.deepEqual(judgePending([], 20_000, commands), [])
  const [finding, ...others] = judgePending([large(1, 20_001), large(2, 30_000)], 20_000, commands)
  assert.deepEqual(others, [])
  assert.ok(finding?.verdict === 'warning')
  assert.match(
    finding.detail,
    /^2 larger than max\.message\.bytes=20000 .*ORD-1 version 1 \(20001 b/,
  )
  assert.equal(
    finding.command,
    `kafka-configs.sh ${AT} --alter --topic orders --add-config max.message.bytes=30000`,
  )
  const many = Array.from({ length: 7 }, (_, index) => large(index + 1, 20_001))
  assert.match(judgePending(many, 20_000, commands)[0]?.detail ?? '', /version 5 \(.*, and 2 more$/)
})

const allRights: TopicRights = {
  topic: 'orders',
  refusal: undefined,
  allowed: { Describe: true, Read: true, Write: true },
}

test('each right that the service needs is a problem where it is missing', () => {
  assert.deepEqual(
    judgeRights(allRights, [], commands).map(({ verdict }) => verdict),
    ['ok'],
  )
  const hidden = { ...allRights, allowed: { Describe: false, Read: false, Write: false } }
  const [finding] = judgeRights({ ...hidden, refusal: 'TOPIC_AUTHORIZATION_FAILED' }, [], commands)
  assert.ok(finding?.verdict === 'problem')
  assert.match(finding.detail, /^no Describe, no Read, no Write on topic orders/)
  assert.equal(
    finding.command,
    `kafka-acls.sh ${AT} --add --allow-principal User:ANONYMOUS --operation Describe --operation Read --operation Write --topic orders`,
  )
  const [invalid] = judgeRights({ ...hidden, refusal: 'INVALID_TOPIC_EXCEPTION' }, [], commands)
  assert.match(invalid?.detail ?? '', /INVALID_TOPIC_EXCEPTION/)
})

test('rights that the brokers do not name are not known', () => {
  const unknown = { ...allRights, allowed: undefined }
  assert.equal(judgeRights(unknown, [], commands)[0]?.verdict, 'skipped')
  const silent = [{ partition: 2, reason: 'UNKNOWN_SERVER_ERROR' }]
  assert.equal(judgeRights(unknown, silent, commands)[0]?.verdict, 'problem')
})

test('a partition whose leader does not say who wrote to it is a problem', () => {
  const silent = [{ partition: 2, reason: 'UNKNOWN_SERVER_ERROR' }]
  const [finding] = judgeRights(allRights, silent, commands)
  assert.equal(finding?.verdict, 'problem')
  assert.match(finding.detail, /^DescribeProducers is not answered for partition 2 \(UNKNOWN_S/)
})

test('a request that one broker does not know is a problem, by its name', () => {
  const broker = 'localhost:9092'
  assert.equal(judgeRequests([{ broker, unknown: [] }])[0]?.verdict, 'ok')
  const older = { name: 'Produce', version: 8, known: { min: 0, max: 7 } } as const
  const none = { name: 'DescribeProducers', version: 0, known: undefined } as const
  const [finding] = judgeRequests([{ broker, unknown: [older, none] }])
  assert.equal(finding?.verdict, 'problem')
  assert.equal(
    finding.detail,
    'localhost:9092 does not know Produce in version 8 (it knows 0 to 7), DescribeProducers',
  )
})

test('requests of brokers that none of them answered are not known', () => {
  assert.equal(judgeRequests([])[0]?.verdict, 'skipped')
})

test('a topic that may not be created is a problem only while it is not there', () => {
  assert.deepEqual(judgeCreation('orders', undefined, commands), [])
  const [right] = judgeCreation(
    'orders',
    { error: 'CLUSTER_AUTHORIZATION_FAILED', reason: 'no' },
    commands,
  )
  assert.ok(right?.verdict === 'problem')
  assert.match(right.command ?? '', /--operation Create --topic orders$/)
  const refusal = { error: 'INVALID_REPLICATION_FACTOR', reason: 'only 1 broker is registered' }
  const [other] = judgeCreation('orders', refusal, commands)
  assert.match(other?.detail ?? '', /cannot create orders: only 1 broker is registered$/)
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
