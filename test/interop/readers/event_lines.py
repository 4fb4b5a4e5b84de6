"""How each reader tells what it read: one line for each event, the same from every language.

    partition offset key subject sequence type orderId status totalAmount items

Texts are the hexadecimal of their UTF-8, the total that of its eight bytes.
"""

import struct


def hex_of(text: str) -> str:
    return text.encode().hex()


def event_line(partition: int, offset: int, key: str, headers: dict[str, str], order: dict) -> str:
    """`key` is the order id that the key holds; `headers` are without their `ce_`."""
    columns = [
        partition,
        offset,
        hex_of(key),
        hex_of(headers['subject']),
        headers['sequence'],
        headers['type'],
        hex_of(order['orderId']),
        order['status'],
        struct.pack('>d', order['totalAmount']).hex(),
        len(order['items']),
    ]
    return ' '.join(str(column) for column in columns)
