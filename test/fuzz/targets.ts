import { commandArguments } from './arguments.ts'
import { fetchAnswers } from './fetch-answers.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { httpRequests } from './http-requests.ts'
import { kafkaAnswers } from './kafka-answers.ts'
import { registryAnswers } from './registry-answers.ts'
import { settingsText } from './settings-text.ts'
import { topicBytes } from './topic-bytes.ts'

/** A million inputs together. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  httpRequests,
  kafkaAnswers,
  fetchAnswers,
  topicBytes,
  registryAnswers,
  settingsText,
  commandArguments,
]
