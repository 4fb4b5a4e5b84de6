-- Which instance may publish, settle or discard the event while it is pending. Null: from before owners.
ALTER TABLE order_events ADD COLUMN owner TEXT;

-- The Kafka producer that the event was, or is, to be sent by. Null where it was not known.
ALTER TABLE order_events ADD COLUMN producer_id INTEGER;
ALTER TABLE order_events ADD COLUMN producer_epoch INTEGER;

-- The instance that opened this file last. Every other one is gone: the file belongs to one process.
CREATE TABLE current_instance (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  instance_id TEXT    NOT NULL,
  take_overs  INTEGER NOT NULL DEFAULT 0 -- counted, so that each gets a producer epoch of its own
) STRICT;
