-- Whoever takes an event over goes on as the producer that it was stored with: a copy that the former
-- owner still has on its way is then a repeat, by its sequence number. An epoch of its own would make
-- it a second event, so no number of a take-over is given out any more, not even to an instance of
-- an earlier version that still runs.
DROP SEQUENCE take_overs;
