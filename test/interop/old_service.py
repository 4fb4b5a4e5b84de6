"""What the Python service that CartService replaces does with the topic.

Its schema has the fields of ours and no docs; its key is Avro "string"; it sends no headers.
"""

import json
from io import BytesIO

import fastavro

from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import Schema
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer

from topic import WAIT_SECONDS, Topic, create_topic

ITEM_SCHEMA = {
    'type': 'record',
    'name': 'OrderItem',
    'fields': [
        {'name': 'itemId', 'type': 'string'},
        {'name': 'quantity', 'type': 'int'},
        {'name': 'price', 'type': 'double'},
    ],
}

ORDER_SCHEMA = {
    'type': 'record',
    'name': 'Order',
    'namespace': 'com.ecommerce.order',
    'fields': [
        {'name': 'orderId', 'type': 'string'},
        {'name': 'customerId', 'type': 'string'},
        {'name': 'orderDate', 'type': 'string'},
        {'name': 'items', 'type': {'type': 'array', 'items': ITEM_SCHEMA}},
        {'name': 'totalAmount', 'type': 'double'},
        {'name': 'currency', 'type': 'string'},
        {'name': 'status', 'type': 'string'},
    ],
}

OLD_ORDERS = {
    order_id: {
        'orderId': order_id,
        'customerId': 'CUST-1000',
        'orderDate': '2025-01-01T00:00:00Z',
        'items': [{'itemId': 'ITEM-MOUSE-100', 'quantity': 2, 'price': 19.99}],
        'totalAmount': 39.98,
        'currency': 'USD',
        'status': 'pending',
    }
    for order_id in ['OLD-1', 'OLD-2', 'alt-ü']
}


def leave_topic(topic: Topic) -> None:
    """Topic, subjects and events as CartService finds them where it takes over."""
    create_topic(topic, topic.name)
    producer = Producer(topic.servers)
    serialize = AvroSerializer(topic.registry, json.dumps(ORDER_SCHEMA))
    for order_id, order in OLD_ORDERS.items():
        value = serialize(order, topic.of_value)
        producer.produce(topic.name, value, encode_key(topic, order_id))
    assert producer.flush(WAIT_SECONDS) == 0, 'Kafka did not take the events of the old service'


def is_old(message: Message) -> bool:
    return message.headers() is None


def encode_key(topic: Topic, order_id: str) -> bytes:
    """As its library did it, which registered the text as it is: today's AvroSerializer would
    register {"type":"string"}, and a registry that compares texts would give that another id."""
    schema_id = topic.registry.register_schema(f'{topic.name}-key', Schema('"string"', 'AVRO'))
    content = BytesIO()
    fastavro.schemaless_writer(content, 'string', order_id)
    return b'\0' + schema_id.to_bytes(4, 'big') + content.getvalue()


def create_reader(topic: Topic) -> AvroDeserializer:
    """A consumer of its time: it asks for the fields by its own schema."""
    return AvroDeserializer(topic.registry, json.dumps(ORDER_SCHEMA))
