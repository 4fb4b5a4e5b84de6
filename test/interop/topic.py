"""The topic and the registry as a stranger sees them: clients of another make, and raw records."""

import uuid
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.serialization import MessageField, SerializationContext

WAIT_SECONDS = 30


@dataclass(frozen=True)
class Topic:
    name: str
    partition_count: int
    servers: dict[str, str | int]
    registry: SchemaRegistryClient

    @property
    def of_key(self) -> SerializationContext:
        return SerializationContext(self.name, MessageField.KEY)

    @property
    def of_value(self) -> SerializationContext:
        return SerializationContext(self.name, MessageField.VALUE)


def create_topic(topic: Topic, name: str) -> None:
    """One beside it, with as many partitions."""
    admin = AdminClient(topic.servers)  # Held, or it goes before the answer comes.
    created = admin.create_topics([NewTopic(name, topic.partition_count, 1)])
    created[name].result(WAIT_SECONDS)


def read_messages(topic: Topic) -> list[Message]:
    """Every record there is, partition by partition."""
    of_group = {'group.id': str(uuid.uuid4()), 'enable.auto.commit': False}
    consumer = Consumer({**topic.servers, **of_group})
    try:
        partitions = consumer.list_topics(topic.name, WAIT_SECONDS).topics[topic.name].partitions
        assert len(partitions) == topic.partition_count, f'the topic has partitions {partitions}'
        return [message for number in partitions for message in read(consumer, topic.name, number)]
    finally:
        consumer.close()


def read(consumer: Consumer, name: str, partition: int) -> list[Message]:
    start, end = consumer.get_watermark_offsets(TopicPartition(name, partition), WAIT_SECONDS)
    consumer.assign([TopicPartition(name, partition, start)])
    messages: list[Message] = []
    while start + len(messages) < end:
        message = consumer.poll(WAIT_SECONDS)
        assert message is not None, f'no record of partition {partition} within {WAIT_SECONDS} s'
        assert message.error() is None, message.error()
        messages.append(message)
    return messages


def partitions_by_murmur2(topic: Topic, keys: set[bytes]) -> dict[bytes, int]:
    """Where librdkafka puts these keys when it is told to do as the Java client does."""
    name = f'{topic.name}.murmur2'
    create_topic(topic, name)
    partitions: dict[bytes, int] = {}

    def remember(error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        partitions[message.key()] = message.partition()

    producer = Producer({**topic.servers, 'partitioner': 'murmur2'})
    for key in keys:
        producer.produce(name, key=key, on_delivery=remember)
    assert producer.flush(WAIT_SECONDS) == 0, 'Kafka did not take the keys'
    return partitions
