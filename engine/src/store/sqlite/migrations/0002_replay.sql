-- A dead letter that is being delivered again belongs to a parked delivery and keeps its entry for it, since the log
-- may have removed the entry long ago. It goes with that delivery.
ALTER TABLE dead_letter ADD COLUMN delivery BLOB;
CREATE INDEX dead_letter_delivery ON dead_letter (delivery) WHERE delivery IS NOT NULL;

-- The newest sequence that was ever removed from the log, as text: from behind it on, the log is whole.
INSERT OR REPLACE INTO meta (name, value)
SELECT 'log_removed_to', CAST(CAST(coalesce(
    (SELECT min(sequence) - 1 FROM log),
    (SELECT seq FROM sqlite_sequence WHERE name = 'log'),
    0) AS TEXT) AS BLOB);
