"""Reads the topic as the consumer of the replaced service does, by the client library of its time:
AvroConsumer decodes key and value, and takes each by its framing.

With Avro keys it prints each event. With keys that are plain text every poll has to fail, as
docs/how-to/take-over.md says; then it prints nothing.
"""

import argparse
import sys
import time
import uuid

from confluent_kafka.avro import AvroConsumer
from confluent_kafka.avro.serializer import SerializerError
from event_lines import attributes_of, event_line

WAIT_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], required=True)
    parser.add_argument('--count', type=int, required=True)
    options = parser.parse_args()
    consumer = AvroConsumer(
        {
            'bootstrap.servers': options.bootstrap_servers,
            'schema.registry.url': options.schema_registry,
            'group.id': f'order-service-group-{uuid.uuid4()}',
            'auto.offset.reset': 'earliest',
        }
    )
    consumer.subscribe([options.topic])
    lines: list[str] = []
    failures: list[str] = []
    end = time.monotonic() + WAIT_SECONDS
    while len(lines) + len(failures) < options.count and time.monotonic() < end:
        try:
            message = consumer.poll(1.0)
        except SerializerError as error:
            failures.append(str(error))
            continue
        # Events of the replaced service itself have no headers.
        if message is None or message.headers() is None:
            continue
        if message.error() is not None:
            sys.exit(message.error().str())
        attributes = attributes_of({name: value.decode() for name, value in message.headers()})
        place = (message.partition(), message.offset())
        lines.append(event_line(*place, message.key(), attributes, message.value()))
    consumer.close()
    if options.key_format == 'string':
        of_the_key = ('does not start with magic byte', 'too small to decode')
        is_skipped = all(any(words in failure for words in of_the_key) for failure in failures)
        if lines or len(failures) != options.count or not is_skipped:
            sys.exit(f'read {len(lines)}, failed {len(failures)}: {failures[:1]}')
    elif failures:
        sys.exit(failures[0])
    for line in lines:
        print(line)


if __name__ == '__main__':
    main()
