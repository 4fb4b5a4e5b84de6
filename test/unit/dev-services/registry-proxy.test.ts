import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toApicurioPath } from '../../../dev-services/registry-proxy.ts'

test("puts Confluent's paths where Apicurio has them", () => {
  assert.equal(toApicurioPath('/subjects'), '/apis/ccompat/v7/subjects')
  assert.equal(
    toApicurioPath('/subjects/a%2Fb/versions?normalize=true'),
    '/apis/ccompat/v7/subjects/a%2Fb/versions?normalize=true',
  )
  assert.equal(toApicurioPath('/apisomething'), '/apis/ccompat/v7/apisomething')
})

test("leaves Apicurio's own paths as they are", () => {
  assert.equal(toApicurioPath('/apis/ccompat/v7/subjects'), '/apis/ccompat/v7/subjects')
  assert.equal(toApicurioPath('/apis'), '/apis')
})
