"""Reads the events by kcat, as JSON, and the framed Avro by fastavro. Prints one line for each, as
event_lines.py says."""

import argparse
import io
import json
import subprocess
import sys

import fastavro
from confluent_kafka.schema_registry import SchemaRegistryClient
from event_lines import attributes_of, event_line

WAIT_SECONDS = 60


class Decoder:
    def __init__(self, registry: SchemaRegistryClient) -> None:
        self._registry = registry
        self._schemas: dict[int, object] = {}

    def decode(self, framed: bytes) -> object:
        schema_id = int.from_bytes(framed[1:5], 'big')
        if schema_id not in self._schemas:
            text = self._registry.get_schema(schema_id).schema_str
            self._schemas[schema_id] = fastavro.parse_schema(json.loads(text))
        return fastavro.schemaless_reader(io.BytesIO(framed[5:]), self._schemas[schema_id])


def text_of(string: str) -> str:
    """kcat writes bytes into its JSON as they are: one character for each, read as Latin-1."""
    return string.encode('latin-1').decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], required=True)
    options = parser.parse_args()
    decoder = Decoder(SchemaRegistryClient({'url': options.schema_registry}))
    of_topic = ['-b', options.bootstrap_servers, '-t', options.topic, '-o', 'beginning']
    done = subprocess.run(
        ['kcat', '-C', *of_topic, '-e', '-J', '-q'],
        stdout=subprocess.PIPE,
        timeout=WAIT_SECONDS,
    )
    if done.returncode != 0:
        sys.exit(f'kcat ended with {done.returncode}')
    for line in done.stdout.decode('latin-1').removesuffix('\n').split('\n'):
        message = json.loads(line)
        # Events of the replaced service have none.
        if 'headers' not in message:
            continue
        headers = [text_of(part) for part in message['headers']]
        attributes = attributes_of(dict(zip(headers[::2], headers[1::2], strict=True)))
        key = message['key'].encode('latin-1')
        order_id = decoder.decode(key) if options.key_format == 'avro' else key.decode()
        order = decoder.decode(message['payload'].encode('latin-1'))
        print(event_line(message['partition'], message['offset'], order_id, attributes, order))


if __name__ == '__main__':
    main()
