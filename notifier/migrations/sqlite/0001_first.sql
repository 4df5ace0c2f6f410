CREATE TABLE alerts (
    id TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    finding_id TEXT NOT NULL,
    cluster_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    job_name TEXT NOT NULL,
    slug TEXT NOT NULL,
    severity TEXT NOT NULL,
    is_open BIGINT NOT NULL,
    began_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    updated_ms BIGINT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX alerts_open ON alerts (is_open, began_ms);
CREATE INDEX alerts_began ON alerts (began_ms);
CREATE INDEX alerts_fingerprint ON alerts (fingerprint, began_ms);
CREATE INDEX alerts_finding ON alerts (finding_id);
CREATE INDEX alerts_job ON alerts (job_id, began_ms);

CREATE TABLE digests (
    id TEXT PRIMARY KEY NOT NULL,
    channel TEXT NOT NULL,
    is_open BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    channel TEXT NOT NULL,
    conversation TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    sent_ms BIGINT,
    attempts BIGINT NOT NULL,
    possible_repeat BIGINT NOT NULL,
    error TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (channel, state, id);
CREATE INDEX outbox_created ON outbox (created_ms);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY NOT NULL,
    reference TEXT NOT NULL,
    updated_ms BIGINT NOT NULL
);

CREATE TABLE channel_tests (
    channel TEXT PRIMARY KEY NOT NULL,
    at_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    took_ms BIGINT NOT NULL
);

CREATE TABLE silences (
    id TEXT PRIMARY KEY NOT NULL,
    ends_ms BIGINT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE feedback (
    id TEXT PRIMARY KEY NOT NULL,
    finding_id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    published BIGINT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX feedback_finding ON feedback (finding_id, at_ms);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at_ms BIGINT NOT NULL,
    author TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);

CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
