"""Orders that callers bring: the body of each request as text, and the fields that it has to give, to
the digit.

The expectations are written down, not calculated: otherwise nobody would see a mistake of both sides.
"""

from dataclasses import dataclass
from decimal import Decimal

LONGEST = 255
MOST_ITEMS = 100
LONGEST_ITEM = f'{{"itemId": "{"🛒" * LONGEST}", "quantity": 1, "price": 0.123}}'


@dataclass(frozen=True)
class BroughtOrder:
    body: str
    """Without the order id, as JSON: a number has the digits that are written here."""
    fields: dict
    """Those of the order that the request says, as the event has to have them."""


def items_of(*items: tuple[str, int, str]) -> list[dict]:
    return [
        {'itemId': item_id, 'quantity': quantity, 'price': Decimal(price)}
        for item_id, quantity, price in items
    ]


# Each order id at its order.
BROUGHT_ORDERS = {
    'two words': BroughtOrder(
        """
        "customerId": "CUST 4711", "orderDate": "1970-01-01T00:59:59.9999+01:00", "currency": "EUR",
        "items": [
          {"itemId": "ITEM 1", "quantity": 3, "price": 123456789.01},
          {"itemId": "ITEM-2", "quantity": 1, "price": 0.10}
        ],
        "totalAmount": 370370367.13
        """,
        {
            'customerId': 'CUST 4711',
            'orderDate': '1969-12-31T23:59:59.999Z',
            'currency': 'EUR',
            'items': items_of(('ITEM 1', 3, '123456789.01'), ('ITEM-2', 1, '0.1')),
            'totalAmount': Decimal('370370367.13'),
        },
    ),
    # As many minor units as an amount may have.
    'yen, the most': BroughtOrder(
        """
        "orderDate": "1883-11-18T12:00:00-05:30", "currency": "JPY", "numItems": 2,
        "items": [
          {"itemId": "り", "quantity": 2, "price": 4503599627370495},
          {"itemId": "り", "quantity": 1, "price": 1}
        ]
        """,
        {
            'orderDate': '1883-11-18T17:30:00.000Z',
            'currency': 'JPY',
            'items': items_of(('り', 2, '4503599627370495'), ('り', 1, '1')),
            'totalAmount': Decimal('9007199254740991'),
        },
    ),
    'دينار كويتي': BroughtOrder(
        """
        "customerId": "عميل ٤٢", "orderDate": "2000-02-29T23:59:59.5-12:00", "currency": "KWD",
        "items": [
          {"itemId": "عطر العود", "quantity": 3, "price": 19.995},
          {"itemId": "🛒 caffè", "quantity": 1, "price": 0.001},
          {"itemId": "one dinar", "quantity": 1, "price": 1.000}
        ],
        "totalAmount": 60.986
        """,
        {
            'customerId': 'عميل ٤٢',
            'orderDate': '2000-03-01T11:59:59.500Z',
            'currency': 'KWD',
            'items': items_of(
                ('عطر العود', 3, '19.995'), ('🛒 caffè', 1, '0.001'), ('one dinar', 1, '1')
            ),
            'totalAmount': Decimal('60.986'),
        },
    ),
    # Sixteen digits: all that a double carries.
    'kwd of sixteen digits': BroughtOrder(
        """
        "orderDate": "0001-01-02T04:59:00+05:30", "currency": "kwd",
        "items": [{"itemId": "A", "quantity": 1, "price": 4398046511103.999}]
        """,
        {
            'orderDate': '0001-01-01T23:29:00.000Z',
            'currency': 'KWD',
            'items': items_of(('A', 1, '4398046511103.999')),
            'totalAmount': Decimal('4398046511103.999'),
        },
    ),
    'greatest quantity': BroughtOrder(
        """
        "customerId": "  spaces   around \\t", "orderDate": "9998-12-31T23:59:59.999Z",
        "currency": "USD",
        "items": [{"itemId": " \\u00a0inside\\u00a0kept ", "quantity": 2147483647, "price": 0.01}]
        """,
        {
            'customerId': 'spaces   around',
            'orderDate': '9998-12-31T23:59:59.999Z',
            'currency': 'USD',
            'items': items_of(('inside\u00a0kept', 2_147_483_647, '0.01')),
            'totalAmount': Decimal('21474836.47'),
        },
    ),
    'longest names': BroughtOrder(
        f"""
        "customerId": "{'客' * LONGEST}", "orderDate": "2026-01-31T13:00+01", "currency": "TND",
        "items": [{', '.join([LONGEST_ITEM] * MOST_ITEMS)}]
        """,
        {
            'customerId': '客' * LONGEST,
            'orderDate': '2026-01-31T12:00:00.000Z',
            'currency': 'TND',
            'items': items_of(*[('🛒' * LONGEST, 1, '0.123')] * MOST_ITEMS),
            'totalAmount': Decimal('12.3'),
        },
    ),
    'quoted': BroughtOrder(
        """
        "customerId": "null", "currency": "HUF",
        "items": [{"itemId": "\\"a\\", 'b' \\\\ {c}: 1,\\u2028d", "quantity": 7, "price": 3.0}]
        """,
        {
            'customerId': 'null',
            'currency': 'HUF',
            'items': items_of(('"a", \'b\' \\ {c}: 1,\u2028d', 7, '3')),
            'totalAmount': Decimal('21'),
        },
    ),
    # The items are generated.
    'a few fields alone': BroughtOrder(
        """
        "numItems": 4, "customerId": "Zoë Łukasiewicz-Müller", "currency": "BHD",
        "orderDate": "2024-12-31T23:59:59,123456789-03:00"
        """,
        {
            'customerId': 'Zoë Łukasiewicz-Müller',
            'currency': 'BHD',
            'orderDate': '2025-01-01T02:59:59.123Z',
        },
    ),
}
