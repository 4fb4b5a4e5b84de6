-- Which instance may publish, settle or discard the event while it is pending. Null: from before owners.
ALTER TABLE order_events ADD COLUMN owner TEXT;

-- The instance that opened this file last. Every other one is gone: the file belongs to one process.
CREATE TABLE current_instance (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  instance_id TEXT NOT NULL
) STRICT;
