"""Reads the events by Kafka's own console consumer, with headers and keys, and the value by Apicurio's
deserializer, which it is given. Prints what is read of its lines, as event_lines.py says.

    console_consumer.py OPTIONS -- COMMAND...

where the command starts Java with Kafka's tools.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from event_lines import attributes_of, event_line

IDLE_MS = 60_000
# It stands in no id; the default is a comma, which does.
BETWEEN_HEADERS = '\x1f'
APICURIO = 'io.apicurio.registry.serde.avro.AvroKafkaDeserializer'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], required=True)
    parser.add_argument('--count', type=int, required=True)
    parser.add_argument('command', nargs='+')
    options = parser.parse_args()
    consumer = subprocess.Popen(command_of(options), stdout=subprocess.PIPE)
    try:
        lines = lines_of(consumer)
        for _ in range(options.count):
            print(next(lines))
    except StopIteration:
        sys.exit(f'it ended with {consumer.wait()}')
    finally:
        consumer.kill()
        consumer.wait()


def command_of(options: argparse.Namespace) -> list[str]:
    formatting = {f'print.{name}': 'true' for name in ['partition', 'offset', 'headers', 'key']}
    formatting['headers.separator'] = BETWEEN_HEADERS
    for part in ['value', 'key'] if options.key_format == 'avro' else ['value']:
        name = f'{part}.deserializer'
        registry = f'{name}.apicurio.registry'
        formatting[name] = APICURIO
        formatting[f'{registry}.url'] = f'{options.schema_registry}/apis/registry/v2'
        formatting[f'{registry}.as-confluent'] = 'true'
        formatting[f'{registry}.use-id'] = 'contentId'
    return [
        *options.command,
        'org.apache.kafka.tools.consumer.ConsoleConsumer',
        '--bootstrap-server',
        options.bootstrap_servers,
        '--topic',
        options.topic,
        '--from-beginning',
        '--timeout-ms',
        str(IDLE_MS),
        *(part for pair in formatting.items() for part in ['--formatter-property', '='.join(pair)]),
    ]


def lines_of(consumer: subprocess.Popen) -> Iterator[str]:
    assert consumer.stdout is not None
    for line in consumer.stdout:
        # No id has a tab or an end of line.
        partition, offset, headers, key, value = line.decode().removesuffix('\n').split('\t')
        # Events of the replaced service have none.
        if headers == 'NO_HEADERS':
            continue
        named = dict(header.split(':', 1) for header in headers.split(BETWEEN_HEADERS))
        place = (number_of(partition), number_of(offset))
        yield event_line(*place, key, attributes_of(named), json.loads(value))


def number_of(column: str) -> int:
    """Of `Partition:1`."""
    return int(column.split(':')[1])


if __name__ == '__main__':
    main()
