-- The beginning of a recipient's name and address as they are searched: lower case, one space
-- between words, at most 64 characters. Rows from before get what the database itself can do.
ALTER TABLE dispatch_recipient ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE dispatch_recipient ADD COLUMN address_key TEXT NOT NULL DEFAULT '';
UPDATE dispatch_recipient SET name_key = lower(substr(name, 1, 64)), address_key = lower(substr(address, 1, 64));
-- whose name begins with
CREATE INDEX dispatch_recipient_name ON dispatch_recipient (list_id, name_key, seq);
-- whose address begins with
CREATE INDEX dispatch_recipient_address ON dispatch_recipient (list_id, address_key, seq);
-- What a person recorded last, and how the recipient stood before: so that it can be undone.
ALTER TABLE dispatch_recipient ADD COLUMN undo BLOB NOT NULL DEFAULT x'';
