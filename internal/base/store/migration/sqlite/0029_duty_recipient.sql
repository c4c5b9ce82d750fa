-- What an incident owes to some recipients: a notice meets thousands of duties a few at a time.
CREATE INDEX duty_recipient ON duty (incident_id, recipient_id);
