-- Which browser a flow belongs to is in the `state` that comes back, bound to a cookie; nothing of it is kept.
ALTER TABLE flow DROP COLUMN browser;
