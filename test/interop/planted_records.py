"""Records as a topic may have them, whether the service would write them or not."""

import io
import json
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import fastavro

ORDER_SCHEMA = (Path(__file__).parents[2] / 'schemas' / 'order.avsc').read_text()
PARSED_ORDER_SCHEMA = fastavro.parse_schema(json.loads(ORDER_SCHEMA))

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True)
class Record:
    key: bytes | None
    value: bytes | None
    headers: Headers


def frame(schema_id: int, content: bytes) -> bytes:
    return b'\0' + schema_id.to_bytes(4, 'big') + content


def event(schema_id: int, order_id: str, sequence: int, status: str = 'pending') -> Record:
    """With an id of its own, as the service writes it."""
    content = io.BytesIO()
    order = {
        'orderId': order_id,
        'customerId': 'CUST-1234',
        'orderDate': '2026-11-23T08:00:00.000Z',
        'items': [{'itemId': 'ITEM-LAPTOP-100', 'quantity': 2, 'price': 19.99}],
        'totalAmount': 39.98,
        'currency': 'USD',
        'status': status,
    }
    fastavro.schemaless_writer(content, PARSED_ORDER_SCHEMA, order)
    headers = {
        'ce_specversion': '1.0',
        'ce_id': str(uuid.uuid4()),
        'ce_subject': order_id,
        'ce_sequence': f'{sequence:010}',
    }
    encoded: Headers = [(name, value.encode()) for name, value in headers.items()]
    return Record(order_id.encode(), frame(schema_id, content.getvalue()), encoded)


def tombstone(order_id: str) -> Record:
    """As the service writes it, with the headers that are read here."""
    headers: Headers = [
        ('ce_type', b'com.ecommerce.order.erased'),
        ('ce_subject', order_id.encode()),
    ]
    return Record(order_id.encode(), None, headers)


def with_header(record: Record, name: str, value: bytes | None) -> Record:
    """The same record with another value for a header; None takes the header away."""
    others = [header for header in record.headers if header[0] != name]
    return replace(record, headers=others if value is None else [*others, (name, value)])


def planted(schema_id: int, other_schema_id: int) -> list[tuple[Record, str]]:
    """Records, and what becomes of each."""

    def of(order_id: str, sequence: int, status: str = 'pending') -> Record:
        return event(schema_id, order_id, sequence, status)

    first, second, odd = of('A', 1), of('A', 2, 'confirmed'), of('X', 1)
    assert odd.value is not None
    content = odd.value[5:]
    twice: Headers = [('twice', b'1'), ('twice', None), ('twice', b'2')]
    headless = with_header(odd, 'ce_sequence', None)
    return [
        (first, 'applied A version 1'),
        (first, 'dropped A version 1: repeated'),
        (second, 'applied A version 2'),
        (of('Größe 100%', 1), 'applied Größe 100% version 1'),
        (of('A', 3, 'shipped'), 'applied A version 3'),
        (second, 'dropped A version 2: repeated'),
        (of('A', 3, 'cancelled'), 'dead letter, VersionTaken'),
        (of('B', 1), 'applied B version 1'),
        (of('B', 3, 'shipped'), 'kept B version 3: GAP, version 2 is missing'),
        (of('B', 5, 'pending'), 'kept B version 5: GAP, version 2 is missing'),
        (of('B', 2, 'confirmed'), 'applied B version 2, 3'),
        (of('B', 4, 'delivered'), 'applied B version 4, 5'),
        (of('C', 1), 'applied C version 1'),
        (of('C', 3, 'shipped'), 'kept C version 3: GAP, version 2 is missing'),
        (of('D', 2, 'confirmed'), 'kept D version 2: GAP, version 1 is missing'),
        (of('E', 2, 'confirmed'), 'kept E version 2: GAP, version 1 is missing'),
        (tombstone('E'), 'forgot what waited of E: erased'),
        (replace(odd, value=None), 'dead letter, InvalidFrame'),
        (replace(odd, key=None, value=b'{"orderId":"X"}'), 'dead letter, InvalidFrame'),
        (replace(odd, value=odd.value[:5]), 'dead letter, InvalidFrame'),
        (replace(odd, value=frame(2**31 - 1, content)), 'dead letter, UnknownSchema'),
        (replace(odd, value=odd.value[:-3]), 'dead letter, InvalidValue'),
        (replace(odd, value=odd.value + b'\0'), 'dead letter, InvalidValue'),
        (replace(odd, value=frame(other_schema_id, b'\2X')), 'dead letter, InvalidValue'),
        (replace(odd, headers=[]), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_id', None), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_id', b'\xff'), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_subject', None), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_subject', b'\xff'), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_subject', b'%58'), 'dead letter, InvalidValue'),
        (with_header(odd, 'ce_subject', b'Y'), 'dead letter, InvalidValue'),
        (with_header(odd, 'ce_sequence', b'one'), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_sequence', b'0000000000'), 'dead letter, InvalidHeaders'),
        (with_header(odd, 'ce_sequence', b'9' * 5000), 'dead letter, InvalidHeaders'),
        # Headers that Kafka allows and few expect: two of one name, one without a value.
        (replace(headless, headers=headless.headers + twice), 'dead letter, InvalidHeaders'),
        (of('Z', 1), 'applied Z version 1'),
    ]
