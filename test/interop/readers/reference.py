"""The events of the topic as Confluent's Python client reads them, to compare the other readers with.
Events of the replaced service have no headers, and are left out."""

import argparse
import sys
from pathlib import Path

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from event_lines import attributes_of, event_line

sys.path.append(str(Path(__file__).parents[1]))

from topic import Topic, read_messages  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bootstrap-servers', required=True)
    parser.add_argument('--schema-registry', required=True)
    parser.add_argument('--topic', required=True)
    parser.add_argument('--partitions', type=int, required=True)
    parser.add_argument('--key-format', choices=['string', 'avro'], required=True)
    options = parser.parse_args()
    topic = Topic(
        name=options.topic,
        partition_count=options.partitions,
        servers={'bootstrap.servers': options.bootstrap_servers, 'log_level': 5},
        registry=SchemaRegistryClient({'url': options.schema_registry}),
    )
    read = AvroDeserializer(topic.registry)
    for message in read_messages(topic):
        pairs = message.headers()
        if pairs is None:
            continue
        attributes = attributes_of({name: value.decode() for name, value in pairs})
        is_framed = options.key_format == 'avro'
        key = read(message.key(), topic.of_key) if is_framed else message.key().decode()
        order = read(message.value(), topic.of_value)
        print(event_line(message.partition(), message.offset(), key, attributes, order))


if __name__ == '__main__':
    main()
