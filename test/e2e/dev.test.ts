import { Consumer, stringDeserializer } from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
