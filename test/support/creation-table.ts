/**
 * THE table of what a creation may bring: each row is a body, and what becomes of it over HTTP,
 * whatever the store. A body that has an item or a price wrong has it at more than one place, so that
 * the path of each shows.
 */

export interface RefusedCreation {
  readonly what: string
  readonly body: object | string
  /** Every wrong field, in any order. */
  readonly errors: Readonly<Record<string, string>>
}

export interface TakenCreation {
  readonly what: string
  /** Without an id: each run gives its own. */
  readonly body: object
  /** The fields of the order that are known beforehand. */
  readonly order: Readonly<Record<string, unknown>>
}

const ID_RULE = 'must be a string of 1 to 255 characters without control characters'
const HALF_CHARACTER = ', which has half of a character: an unpaired surrogate'
const DOTS_RULE = 'must not be "." or "..", which no URL can carry'
const DATE_RULE = 'must be an ISO 8601 date and time with a time zone'
const CURRENCY_RULE = 'must be a three-letter ISO 4217 code'
const PRICE_RULE = 'must be a number above 0'
const QUANTITY_RULE = 'must be an integer from 1 to 2147483647'
const SUM_RULE = 'must be the sum of price × quantity of the items'

const orderId = 'ORD-1'

function item(price: number, quantity = 1, itemId = 'ITEM-1') {
  return { itemId, quantity, price }
}

function refusedDate(orderDate: unknown, hint = ''): RefusedCreation {
  const what = `the date ${JSON.stringify(orderDate)}`
  const message = `orderDate ${DATE_RULE}, got ${JSON.stringify(orderDate)}${hint}`
  return { what, body: { orderId, numItems: 1, orderDate }, errors: { orderDate: message } }
}

function refusedCurrency(currency: unknown, hint = ''): RefusedCreation {
  const what = `the currency ${JSON.stringify(currency)}`
  const message = `currency ${CURRENCY_RULE}, got ${JSON.stringify(currency)}${hint}`
  return { what, body: { orderId, numItems: 1, currency }, errors: { currency: message } }
}

function refusedPrice(currency: string, price: number, message: string): RefusedCreation {
  const items = [item(1), item(price), item(price)]
  return {
    what: `the price ${price} in ${currency}`,
    body: { orderId, currency, items },
    errors: {
      'items[1].price': `items[1].price ${message}`,
      'items[2].price': `items[2].price ${message}`,
    },
  }
}

function refusedItem(what: string, wrong: object, field: string, message: string): RefusedCreation {
  return {
    what,
    body: { orderId, currency: 'EUR', items: [item(1), { ...item(1), ...wrong }] },
    errors: { [`items[1].${field}`]: `items[1].${field} ${message}` },
  }
}

function refusedTotal(totalAmount: unknown, message: string, items: object[]): RefusedCreation {
  return {
    what: `the total ${JSON.stringify(totalAmount)}`,
    body: { orderId, currency: 'EUR', items, totalAmount },
    errors: { totalAmount: `totalAmount ${message}` },
  }
}

const TWO_ITEMS = [item(4.99, 2), item(10)]

export const REFUSED_CREATIONS: readonly RefusedCreation[] = [
  ...['.', '..', ' .. '].map((dots) => ({
    what: `the order id ${JSON.stringify(dots)}`,
    body: { orderId: dots, numItems: 1 },
    errors: { orderId: `orderId ${DOTS_RULE}` },
  })),
  {
    what: 'neither numItems nor items',
    body: { orderId },
    errors: {
      numItems: 'numItems or items is required: numItems must be an integer from 1 to 100',
    },
  },
  {
    what: 'no items at all',
    body: { orderId, items: [] },
    errors: { items: 'items must not be empty' },
  },
  {
    what: 'more items than an order may have',
    body: { orderId, items: Array.from({ length: 101 }, () => item(1)) },
    errors: { items: 'items must have at most 100 entries' },
  },
  {
    what: 'items that are no list',
    body: { orderId, items: { 0: item(1) } },
    errors: {
      items:
        'items must be a list of 1 to 100 items, got {"0":{"itemId":"ITEM-1","quantity":1,"price":1}}',
    },
  },
  {
    what: 'items that are null',
    body: { orderId, items: null },
    errors: {
      numItems: 'numItems or items is required: numItems must be an integer from 1 to 100',
    },
  },
  {
    what: 'an item that is no object',
    body: { orderId, items: ['ITEM-1', null] },
    errors: {
      'items[0]': 'items[0] must be an object with itemId, quantity and price, got "ITEM-1"',
      'items[1]': 'items[1] must be an object with itemId, quantity and price, got null',
    },
  },
  {
    what: 'an item without any of its fields',
    body: { orderId, items: [item(1), {}] },
    errors: {
      'items[1].itemId': `items[1].itemId is required: it ${ID_RULE}`,
      'items[1].quantity': `items[1].quantity is required: it ${QUANTITY_RULE}`,
      'items[1].price': `items[1].price is required: it ${PRICE_RULE}`,
    },
  },
  {
    what: 'a number of items that is not theirs',
    body: { orderId, numItems: 3, items: TWO_ITEMS },
    errors: { numItems: 'numItems is 3, but the number of items is 2' },
  },
  ...[
    ['', `${ID_RULE}, got ""`],
    ['  ', `${ID_RULE}, got ""`],
    [4711, `${ID_RULE}, got 4711`],
    ['a\nb', String.raw`${ID_RULE}, got "a\nb"`],
    ['\ud800', String.raw`${ID_RULE}, got "\ud800"${HALF_CHARACTER}`],
    ['..', DOTS_RULE],
  ].flatMap(([id, message]) => [
    {
      what: `the customer ${JSON.stringify(id)}`,
      body: { orderId, numItems: 1, customerId: id },
      errors: { customerId: `customerId ${message}` },
    },
    refusedItem(`the item id ${JSON.stringify(id)}`, { itemId: id }, 'itemId', String(message)),
  ]),
  ...['tomorrow', 'Sat, 31 Jan 2026 12:00:00 GMT', '', 1769860800000].map((date) =>
    refusedDate(date),
  ),
  ...[
    '2026-02-29T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-31T12:00:00+24:00',
    '0000-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
  ].map((date) =>
    refusedDate(date, ', which is no real date, or not in the years 0000 to 9999 of UTC'),
  ),
  // What ISO 8601 has beside our form, and what is nearly of it.
  ...[
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-01-31T12Z',
    '20260131T120000Z',
    '2026-W05-6T12:00:00Z',
    '2026-01-31T23:59:60Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:00[Europe/Berlin]',
    '2026-01-31 12:00:00Z',
  ].map((date) => refusedDate(date, '; the form is 2026-01-31T12:00:00Z, without leap seconds')),
  ...['EURO', 'EU', '€', '', ' EUR', 'uſd', 978].map((code) => refusedCurrency(code)),
  ...['XYZ', 'VED', 'xau'].map((code) =>
    refusedCurrency(code, ', which this service does not know'),
  ),
  ...[0, -1, 1.5, 2_147_483_648, '1', true, null].map((quantity) =>
    refusedItem(
      `the quantity ${JSON.stringify(quantity)}`,
      { quantity },
      'quantity',
      `${QUANTITY_RULE}, got ${JSON.stringify(quantity)}`,
    ),
  ),
  ...[0, -0.01, '9.99', true, null].map((price) =>
    refusedItem(
      `the price ${JSON.stringify(price)}`,
      { price },
      'price',
      `${PRICE_RULE}, got ${JSON.stringify(price)}`,
    ),
  ),
  refusedPrice('EUR', 9.995, 'has 3 decimals; EUR has 2'),
  refusedPrice('JPY', 0.5, 'has 1 decimal; JPY has 0'),
  refusedPrice('KWD', 0.0001, 'has 4 decimals; KWD has 3'),
  refusedPrice('EUR', 0.1 + 0.2, 'has 17 decimals; EUR has 2'),
  refusedPrice('EUR', 1e-7, 'has 7 decimals; EUR has 2'),
  refusedPrice('EUR', 1e21, 'must be at most 90071992547409.91, got 1e+21'),
  refusedPrice('EUR', 90_071_992_547_410, 'must be at most 90071992547409.91, got 90071992547410'),
  refusedPrice('JPY', 2 ** 53, 'must be at most 9007199254740991, got 9007199254740992'),
  {
    what: 'a price with more decimals than any currency that is generated',
    body: { orderId, items: [item(9.995)] },
    errors: { 'items[0].price': 'items[0].price has 3 decimals; without a currency it may have 2' },
  },
  {
    what: 'a number that JSON has and a double has not',
    body: `{"orderId":"ORD-1","currency":"JPY","items":[{"itemId":"A","quantity":1,"price":1e400}]}`,
    errors: { 'items[0].price': `items[0].price ${PRICE_RULE}, got Infinity` },
  },
  ...[
    ['EUR', '70368744177664.01'],
    ['KWD', '5000000000000.0004'],
    ['JPY', '4503599627370496.4'],
    ['EUR', '19.990000000000000001'],
    ['EUR', '1999000000000000001e-17'],
    ['JPY', '9007199254740993'],
  ].map(([currency, digits]) => ({
    what: `a price of ${digits} ${currency}, which no double is`,
    body: `{"orderId":"ORD-1","currency":"${currency}","items":[{"itemId":"A","quantity":1,"price":${digits}}],"totalAmount":${digits}}`,
    errors: {
      'items[0].price': `items[0].price has more digits than a number keeps, got ${digits}`,
      totalAmount: `totalAmount has more digits than a number keeps, got ${digits}`,
    },
  })),
  {
    what: 'ids that are numbers of many digits, and a count that is one',
    body: `{"orderId":1234567890123456789,"numItems":12345678901234567890,"customerId":9007199254740993}`,
    errors: {
      orderId: `orderId ${ID_RULE}, got 1234567890123456789`,
      numItems: 'numItems must be an integer from 1 to 100, got 12345678901234567890',
      customerId: `customerId ${ID_RULE}, got 9007199254740993`,
    },
  },
  {
    what: 'a sum beyond 2^53 minor units, of one item',
    body: { orderId, currency: 'JPY', items: [item(2 ** 52, 2)] },
    errors: { items: 'items add up to more than 9007199254740991' },
  },
  {
    what: 'a sum beyond 2^53 minor units, of many items',
    body: { orderId, currency: 'JPY', items: [item(2 ** 53 - 1), item(1)] },
    errors: { items: 'items add up to more than 9007199254740991' },
  },
  {
    what: 'a sum that no double carries to the cent',
    body: { orderId, currency: 'EUR', items: [item(70_368_744_177_664), item(0.01)] },
    errors: {
      items: 'items add up to 70368744177664.01, which is not exact as a number with decimals',
    },
  },
  refusedTotal(20, 'is 20.00, but the items add up to 19.98', TWO_ITEMS),
  refusedTotal(19.97, 'is 19.97, but the items add up to 19.98', TWO_ITEMS),
  refusedTotal(19.985, 'has 3 decimals; EUR has 2', TWO_ITEMS),
  refusedTotal(1e21, 'is 1e+21, but the items add up to 19.98', TWO_ITEMS),
  refusedTotal(0, `${SUM_RULE}, got 0`, TWO_ITEMS),
  refusedTotal('19.98', `${SUM_RULE}, got "19.98"`, TWO_ITEMS),
  {
    what: 'a total of items that are generated',
    body: { orderId, numItems: 2, totalAmount: 19.98 },
    errors: { totalAmount: 'totalAmount must come with items: it is their sum' },
  },
  {
    what: 'a name that is wrong beside a number of items and a total that are',
    body: { orderId, numItems: 3, currency: 'EUR', items: [item(1, 1, '')], totalAmount: 5 },
    errors: {
      numItems: 'numItems is 3, but the number of items is 1',
      'items[0].itemId': `items[0].itemId ${ID_RULE}, got ""`,
      totalAmount: 'totalAmount is 5.00, but the items add up to 1.00',
    },
  },
  {
    what: 'a quantity that is wrong beside a number of items that is',
    body: { orderId, numItems: 3, currency: 'EUR', items: [item(1, 0)], totalAmount: 5 },
    errors: {
      numItems: 'numItems is 3, but the number of items is 1',
      'items[0].quantity': `items[0].quantity ${QUANTITY_RULE}, got 0`,
    },
  },
  {
    what: 'everything at once',
    body: {
      orderId: '',
      numItems: 'two',
      customerId: 7,
      orderDate: 'tomorrow',
      currency: 'eur',
      items: [{ itemId: 'ITEM-1', quantity: 0, price: 1.999 }, { quantity: 1 }, 3],
      totalAmount: 0.001,
    },
    errors: {
      orderId: `orderId ${ID_RULE}, got ""`,
      numItems: 'numItems must be an integer from 1 to 100, got "two"',
      customerId: `customerId ${ID_RULE}, got 7`,
      orderDate: `orderDate ${DATE_RULE}, got "tomorrow"`,
      'items[0].quantity': `items[0].quantity ${QUANTITY_RULE}, got 0`,
      'items[0].price': 'items[0].price has 3 decimals; EUR has 2',
      'items[1].itemId': `items[1].itemId is required: it ${ID_RULE}`,
      'items[1].price': `items[1].price is required: it ${PRICE_RULE}`,
      'items[2]': 'items[2] must be an object with itemId, quantity and price, got 3',
      totalAmount: 'totalAmount has 3 decimals; EUR has 2',
    },
  },
]

function takenDate(orderDate: string, stored: string): TakenCreation {
  return {
    what: `the date ${orderDate}`,
    body: { numItems: 1, orderDate },
    order: { orderDate: stored },
  }
}

function takenAmount(currency: string, price: number, quantity: number, totalAmount: number) {
  const items = [item(price, quantity)]
  return {
    what: `${quantity} × ${price} ${currency}`,
    body: { currency, items, totalAmount },
    order: { currency, items, totalAmount },
  }
}

export const TAKEN_CREATIONS: readonly TakenCreation[] = [
  {
    what: 'an order that is brought as a whole',
    body: {
      numItems: 2,
      customerId: ' Ünal & Söhne ',
      orderDate: '2026-01-31T13:00:00.1239+01:00',
      currency: 'eur',
      items: [item(4.99, 2, ' A/1 '), { ...item(10, 1, '😀'), colour: 'red' }],
      totalAmount: 19.98,
      status: 'shipped',
    },
    order: {
      customerId: 'Ünal & Söhne',
      orderDate: '2026-01-31T12:00:00.123Z',
      currency: 'EUR',
      items: [item(4.99, 2, 'A/1'), item(10, 1, '😀')],
      totalAmount: 19.98,
      status: 'pending',
    },
  },
  {
    what: 'items without a currency',
    body: { items: [item(9.99, 3)] },
    order: { items: [item(9.99, 3)], totalAmount: 29.97 },
  },
  {
    what: 'as many items as there may be',
    body: { items: Array.from({ length: 100 }, () => item(0.01)) },
    order: { totalAmount: 1 },
  },
  { what: 'a customer alone', body: { numItems: 2, customerId: 'C' }, order: { customerId: 'C' } },
  takenDate('2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'),
  {
    what: 'fields that are null, as programs write what is not set',
    body: {
      numItems: 2,
      customerId: null,
      orderDate: null,
      currency: null,
      items: null,
      totalAmount: null,
    },
    order: { status: 'pending' },
  },
  {
    what: 'items beside a number that is null',
    body: { numItems: null, items: [item(9.99, 3)] },
    order: { items: [item(9.99, 3)], totalAmount: 29.97 },
  },
  takenDate('2026-01-31t12:00:00z', '2026-01-31T12:00:00.000Z'),
  takenDate('2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'),
  takenDate('2026-01-31T12:00:00.9999999999Z', '2026-01-31T12:00:00.999Z'),
  takenDate('2026-01-31T12:00:00,5-0530', '2026-01-31T17:30:00.500Z'),
  takenDate('2024-02-29T23:59:59+01', '2024-02-29T22:59:59.000Z'),
  takenDate('1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'),
  takenAmount('EUR', 19.99, 3, 59.97),
  takenAmount('EUR', 0.07, 3, 0.21),
  takenAmount('EUR', 1.1, 3, 3.3),
  takenAmount('JPY', 1500, 2, 3000),
  takenAmount('KWD', 1.005, 3, 3.015),
  takenAmount('KWD', 0.001, 2_147_483_647, 2_147_483.647),
  takenAmount('HUF', 1, 1, 1),
  takenAmount('CHF', 45_035_996_273_704.95, 1, 45_035_996_273_704.95),
  takenAmount('JPY', 2 ** 53 - 1, 1, 2 ** 53 - 1),
  takenAmount('EUR', 70_368_744_177_664.02, 1, 70_368_744_177_664.02),
]
