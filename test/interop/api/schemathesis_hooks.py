"""Tells schemathesis what no schema of the API can say. It sends what is generated as wrong as it is;
in what is generated as right it makes true what else would be wrong by chance."""

import itertools
import json
import os
import re
from datetime import datetime
from fractions import Fraction

import requests
import schemathesis

STREAM = "/api/events/stream"

# By currency, of Node's Intl (schemathesis.sh). Without a currency a price may have two.
DECIMALS = json.loads(os.environ["CURRENCY_DECIMALS"])
DECIMALS_WITHOUT_CURRENCY = 2

# In minor units: so far a double has the decimals of every currency.
SUM_MAX = 2**52

_numbers = itertools.count(1)

_LINE_BREAKS = re.compile(r"[\x09-\x0d]")

_send = requests.Session.send


def _read_the_first_of_the_stream(session, request, **options):
    """The stream does not end: what comes first is its answer."""
    if STREAM not in request.url:
        return _send(session, request, **options)
    response = _send(session, request, **{**options, "stream": True})
    response._content = next(response.iter_content(None), b"")
    response.close()
    return response


requests.Session.send = _read_the_first_of_the_stream


def _is_instant(text: str) -> bool:
    """Patterns take the 31st of February, and years that are none in UTC."""
    try:
        return 1 < datetime.fromisoformat(text).year < 9999
    except ValueError:
        return False


def _as_new(name: str) -> str:
    """It generates few, and nearly every creation would be answered that its id or its key is used.
    Before an id there may be line breaks, which trimming drops; within one they are refused."""
    return f"{next(_numbers)}-{_LINE_BREAKS.sub('', name)}"[:255]


def _agree_in_query(query: dict) -> None:
    for name in ("from", "to"):
        is_place = query.get(name) in ("beginning", "now")
        if name in query and not is_place and not _is_instant(str(query[name])):
            del query[name]
    # Only the service can make them. Its own are followed by test/integration/both-stores.test.ts.
    query.pop("cursor", None)
    query.pop("lastEventId", None)


def _agree_in_headers(case: schemathesis.Case) -> None:
    """In its coverage phase, headers have letters and digits alone, whatever their schemas say."""
    for parameter in case.operation.definition.raw.get("parameters", []):
        name, pattern = parameter["name"], parameter["schema"].get("pattern")
        if parameter["in"] == "header" and pattern and name in case.headers:
            if not re.search(pattern, case.headers[name]):
                del case.headers[name]
    # As in the query.
    case.headers.pop("Last-Event-ID", None)
    key = case.headers.get("Idempotency-Key")
    if key is not None:
        case.headers["Idempotency-Key"] = _as_new(key)


def _agree_in_creation(body: dict) -> None:
    """numItems counts the items, prices have the decimals of the currency at most, and the total is the
    sum. What is right already stays as it is."""
    body["orderId"] = _as_new(body["orderId"])
    items = body.get("items")
    if items is None:
        # The sum of items that are not there yet.
        body.pop("totalAmount", None)
        return
    if "numItems" in body:
        body["numItems"] = len(items)
    decimals = DECIMALS.get(body.get("currency"), DECIMALS_WITHOUT_CURRENCY)
    total = 0
    for item in items:
        quantity = int(item["quantity"])
        price_max = SUM_MAX // len(items) // quantity
        price = min(max(_to_minor(item["price"], decimals), 1), price_max)
        item["price"] = _to_major(price, decimals)
        total += price * quantity
    if "totalAmount" in body:
        body["totalAmount"] = _to_major(total, decimals)


def _to_minor(amount: float, decimals: int) -> int:
    """Fractions are exact, and so large as it takes."""
    return round(Fraction(str(amount)) * 10**decimals)


def _to_major(minor: int, decimals: int) -> float:
    """Rounded once, so that its shortest text has no more decimals."""
    return minor / 10**decimals


def _say_what_is_wrong(body) -> None:
    """An optional field that is null is as one that is not there. No schema says so, because generated
    clients would make a choice of types of every field."""
    if isinstance(body, dict):
        for name in [name for name, value in body.items() if value is None]:
            body[name] = []


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    if not case.meta.generation.mode.is_positive:
        _say_what_is_wrong(case.body)
        return
    _agree_in_query(case.query)
    _agree_in_headers(case)
    if case.path == "/api/create-order" and isinstance(case.body, dict):
        _agree_in_creation(case.body)
