-- Every event of every order. Without a topic_offset it is pending; all pending events are the outbox.
CREATE TABLE order_events (
  id                 INTEGER PRIMARY KEY, -- order of arrival
  event_id           TEXT    NOT NULL,
  order_id           TEXT    NOT NULL,
  version            INTEGER NOT NULL CHECK (version >= 1),
  type               TEXT    NOT NULL,
  time               TEXT    NOT NULL,    -- ISO 8601, UTC
  traceparent        TEXT,
  topic_partition    INTEGER NOT NULL,
  search_from_offset INTEGER NOT NULL,
  schema_id          INTEGER NOT NULL,
  key                BLOB    NOT NULL,    -- the bytes of the topic, kept so that every copy is the same
  value              BLOB    NOT NULL,
  state              TEXT    NOT NULL,    -- the order after the change: JSON, amounts in minor units
  topic_offset       INTEGER,
  settled_at         TEXT,                -- ISO 8601, UTC, by the database's clock
  UNIQUE (order_id, version),
  CHECK ((topic_offset IS NULL) = (settled_at IS NULL))
) STRICT;

-- At most one pending event per order, and the way to find them all.
CREATE UNIQUE INDEX order_events_pending ON order_events (order_id) WHERE topic_offset IS NULL;

-- An order is its latest settled event; this row says which that is, and what orders are found by.
CREATE TABLE orders (
  order_id    TEXT    PRIMARY KEY,
  version     INTEGER NOT NULL,
  status      TEXT    NOT NULL,
  customer_id TEXT    NOT NULL,
  order_date  TEXT    NOT NULL,           -- ISO 8601, UTC
  FOREIGN KEY (order_id, version) REFERENCES order_events (order_id, version)
) STRICT, WITHOUT ROWID;

-- What the registry last agreed to.
CREATE TABLE schema_ids (
  subject     TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,           -- SHA-256 of the schema's text, hex
  schema_id   INTEGER NOT NULL,
  PRIMARY KEY (subject, fingerprint)
) STRICT, WITHOUT ROWID;

-- One row, counted up to find out whether the store can write.
CREATE TABLE write_probe (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  writes INTEGER NOT NULL
) STRICT;

INSERT INTO write_probe (id, writes) VALUES (1, 0);
