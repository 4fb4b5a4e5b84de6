-- Whoever takes an event over goes on as the producer that it was stored with: a copy that the former
-- owner still has on its way is then a repeat, by its sequence number. An epoch of its own would make
-- it a second event, so take-overs are not numbered any more.
ALTER TABLE current_instance DROP COLUMN take_overs;
