/**
 * Names of attributes, in one place: those of HTTP are stable, those of messaging are still in development
 * (OpenTelemetry Semantic Conventions 1.45), so they will move.
 */
export const ATTRIBUTES = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  errorType: 'error.type',
  messagingSystem: 'messaging.system',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  batchCount: 'messaging.batch.message_count',
  offset: 'messaging.kafka.offset',
  messageId: 'messaging.message.id',
} as const
