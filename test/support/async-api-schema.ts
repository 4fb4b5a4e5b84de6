import { Ajv, type ValidateFunction } from 'ajv'
import specs from '@asyncapi/specs'
import { fullFormats } from 'ajv-formats/dist/formats.js'

/** The official JSON Schema of AsyncAPI 3.0, its bindings for Kafka and its Avro schemas included. */
export function compileAsyncApiSchema(): ValidateFunction {
  const ajv = new Ajv({
    // It carries draft 7 within itself, and words that strict mode does not know.
    meta: false,
    validateSchema: false,
    strict: false,
    allErrors: true,
    formats: fullFormats,
  })
  return ajv.compile(specs.schemas['3.0.0'] as object)
}

/** Says whether a message's headers are as the document has them; `errors` says what is wrong. */
export function compileHeadersSchema(schema: object): ValidateFunction {
  return new Ajv({ allErrors: true, formats: fullFormats }).compile({
    ...schema,
    // What the document does not name must not be on the topic.
    additionalProperties: false,
  })
}
