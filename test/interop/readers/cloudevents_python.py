"""Reads the events by the CloudEvents SDK for Python: attributes from the headers, data from the value."""

import argparse
import sys
from pathlib import Path

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from event_lines import event_line

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
    is_framed = options.key_format == 'avro'
    for message in read_messages(topic):
        headers = message.headers()
        if headers is None:
            continue
        # The SDK takes the key for text, which a framed one is not.
        key = None if is_framed else message.key()
        event = from_binary_event(KafkaMessage(dict(headers), key, message.value()))
        assert event.get_specversion() == '1.0'
        data = event.get_data()
        # The SDK tries every value as text.
        value = data.encode() if isinstance(data, str) else data
        time = event.get_time().isoformat(timespec='milliseconds')
        attributes = {
            'id': event.get_id(),
            'source': event.get_source(),
            'type': event.get_type(),
            'subject': event.get_subject(),
            'time': time.replace('+00:00', 'Z'),
            'sequence': event.get_extension('sequence'),
            'datacontenttype': event.get_datacontenttype(),
        }
        order = read(value, topic.of_value)
        # It has made an extension of a key that is text.
        of_key = event.get_extension('partitionkey')
        key_text = read(message.key(), topic.of_key) if is_framed else of_key
        print(event_line(message.partition(), message.offset(), key_text, attributes, order))


if __name__ == '__main__':
    main()
