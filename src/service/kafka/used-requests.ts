import {
  createTopicsV5,
  describeConfigsV4,
  describeProducersV0,
  fetchV11,
  initProducerIdV3,
  listOffsetsV5,
  metadataV10,
  produceV8,
} from '@platformatic/kafka'

/**
 * THE list of the requests that are sent here, by Kafka's names and in the versions that the code
 * fixes. A test reads the code and fails when one is missing.
 */
export const USED_REQUESTS = {
  Metadata: metadataV10.api,
  CreateTopics: createTopicsV5.api,
  InitProducerId: initProducerIdV3.api,
  Produce: produceV8.api,
  DescribeProducers: describeProducersV0.api,
  ListOffsets: listOffsetsV5.api,
  Fetch: fetchV11.api,
  DescribeConfigs: describeConfigsV4.api,
} as const

export type UsedRequest = keyof typeof USED_REQUESTS

/** A request that the service sends, and that a broker does not know in that version. */
export interface UnknownRequest {
  readonly name: UsedRequest
  readonly version: number
  /** The versions that it knows; undefined where it does not know the request at all. */
  readonly known: { readonly min: number; readonly max: number } | undefined
}

/** A list of an ApiVersions answer: by the request's key, the versions that the broker knows. */
export interface KnownRequest {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

export function findUnknownRequests(known: readonly KnownRequest[]): UnknownRequest[] {
  return Object.entries(USED_REQUESTS).flatMap(([name, { key, version }]): UnknownRequest[] => {
    const range = known.find(({ apiKey }) => apiKey === key)
    if (range !== undefined && version >= range.minVersion && version <= range.maxVersion) return []
    const versions = range && { min: range.minVersion, max: range.maxVersion }
    return [{ name: name as UsedRequest, version, known: versions }]
  })
}
