-- table test_call: operational (owner internal/respond/escalation/trial)
CREATE TABLE test_call (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  person TEXT COLLATE "C" NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE INDEX test_call_person ON test_call (person, id);

-- table test_call_way: operational (owner internal/respond/escalation/trial)
-- hash is the SHA-256 of the secret in the link of the message, empty until it is made.
CREATE TABLE test_call_way (
  test_call TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  error TEXT COLLATE "C" NOT NULL,
  hash TEXT COLLATE "C" NOT NULL,
  sent_at BIGINT NOT NULL,
  arrived_at BIGINT NOT NULL,
  PRIMARY KEY (test_call, channel)
);
CREATE UNIQUE INDEX test_call_link ON test_call_way (hash) WHERE hash <> '';
CREATE INDEX test_call_arrived ON test_call_way (person, arrived_at) WHERE arrived_at > 0;
