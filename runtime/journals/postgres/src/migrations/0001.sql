-- Texts that are compared or put in order are compared as bytes, whatever the language of the database.
CREATE TABLE meta(name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE entry(position bigint PRIMARY KEY, run uuid NOT NULL, seq bigint NOT NULL, header text NOT NULL);
CREATE UNIQUE INDEX entry_run ON entry(run, seq);
CREATE TABLE body(position bigint PRIMARY KEY, salt bytea NOT NULL, encoding smallint NOT NULL, bytes bytea NOT NULL);
-- `behind`: the position behind its last entry; `digest`: of its text.
CREATE TABLE batch(number bigint PRIMARY KEY, behind bigint NOT NULL, digest bytea NOT NULL, text text NOT NULL);

CREATE SEQUENCE beginning;
CREATE TABLE run(
  id uuid PRIMARY KEY, number bigint NOT NULL,
  pipeline text COLLATE "C" NOT NULL, run_key text COLLATE "C" NOT NULL, content bytea NOT NULL,
  parent uuid, parent_path text COLLATE "C", parent_index bigint,
  -- Of runs without parent. A partial index would do, but a plan that is made for an empty table may take any other partial
  -- one of the same condition, and keeps to it as the table grows.
  root_key text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN parent IS NULL THEN run_key END) STORED,
  standing smallint NOT NULL, wake bigint, ending smallint,
  epoch bigint NOT NULL, lease_until bigint NOT NULL, owner uuid, due bigint,
  entries bigint NOT NULL, began bigint NOT NULL, touched bigint NOT NULL, told bigint,
  -- Runs of one serial take turns, a family (a run and those that it began) together, in the order of `place`, the number of
  -- its first run. `turn`: 0 none, 1 waits for it, 2 has it.
  serial text COLLATE "C", family uuid NOT NULL, place bigint NOT NULL, turn smallint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX run_key ON run(pipeline, root_key);
CREATE INDEX run_number ON run(number);
CREATE INDEX run_parent ON run(parent, parent_path, parent_index) WHERE parent IS NOT NULL;
CREATE INDEX run_unfinished ON run(parent, parent_path, parent_index)
  WHERE parent IS NOT NULL AND (ending IS NULL OR ending > 1);
-- Runs that become due if nobody owns them then.
CREATE INDEX run_due ON run(due) WHERE due IS NOT NULL;
CREATE INDEX run_turn ON run(serial, turn, place) WHERE turn > 0;
-- What a process that starts anew had before.
CREATE INDEX run_owner ON run(owner) WHERE lease_until > 0;

-- Runs that are to look at what moved, as soon as nobody has them. Taken away with the lease, before they look.
CREATE TABLE woken(run uuid NOT NULL, number bigint GENERATED ALWAYS AS IDENTITY);
CREATE INDEX woken_run ON woken(run);

-- By which a transaction without entries is known again where its commit was not answered.
CREATE TABLE mark(at bigint NOT NULL, token uuid NOT NULL, PRIMARY KEY(at, token));

-- In what order things were opened, over both tables.
CREATE SEQUENCE opening;
CREATE TABLE once_key(
  scope text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, run uuid NOT NULL, path text NOT NULL,
  state smallint NOT NULL, input bytea NOT NULL, input_body text NOT NULL, output text,
  reference text COLLATE "C", opened bigint NOT NULL DEFAULT nextval('opening'),
  PRIMARY KEY(scope, key)) WITH (fillfactor = 80);
CREATE INDEX once_reference ON once_key(reference) WHERE reference IS NOT NULL;
CREATE TABLE reference(name text COLLATE "C" PRIMARY KEY, voided_by uuid NOT NULL);
CREATE TABLE reference_effect(
  reference text COLLATE "C" NOT NULL, run uuid NOT NULL, path text COLLATE "C" NOT NULL, scope text NOT NULL,
  state smallint NOT NULL, input text NOT NULL, output text, opened bigint NOT NULL DEFAULT nextval('opening'),
  PRIMARY KEY(reference, run, path)) WITH (fillfactor = 80);

CREATE TABLE ledger_account(
  ledger text COLLATE "C" NOT NULL, account text COLLATE "C" NOT NULL, single boolean NOT NULL,
  claims bigint NOT NULL, PRIMARY KEY(ledger, account)) WITH (fillfactor = 80);
CREATE TABLE ledger_line(
  ledger text COLLATE "C" NOT NULL, account text COLLATE "C" NOT NULL, item text COLLATE "C" NOT NULL,
  unit text NOT NULL, most text NOT NULL, taken text NOT NULL,
  PRIMARY KEY(ledger, account, item)) WITH (fillfactor = 80);

CREATE TABLE wait(
  id text COLLATE "C" PRIMARY KEY, run uuid NOT NULL, path text NOT NULL, decision text NOT NULL, roles text NOT NULL,
  since bigint NOT NULL, due bigint, show text NOT NULL, shown bytea NOT NULL, reference text COLLATE "C",
  -- Of one that waits for an event: its name and key.
  event text COLLATE "C", event_key text COLLATE "C");
CREATE INDEX wait_event ON wait(event, event_key) WHERE event IS NOT NULL;
CREATE INDEX wait_run ON wait(run);
CREATE TABLE state(
  connection text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, version bigint NOT NULL, value bytea NOT NULL,
  PRIMARY KEY(connection, key)) WITH (fillfactor = 80);
CREATE TABLE document(
  digest bytea PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, media_type text NOT NULL,
  bytes bytea NOT NULL);
CREATE TABLE version(digest bytea PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, bytes bytea NOT NULL);

CREATE TABLE event(
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL, key text COLLATE "C",
  data text NOT NULL, run uuid NOT NULL, path text NOT NULL, pipeline text NOT NULL, at bigint NOT NULL,
  delivered boolean NOT NULL DEFAULT false);
CREATE INDEX event_key ON event(name, key, number) WHERE key IS NOT NULL;
CREATE INDEX event_open ON event(number) WHERE NOT delivered;
CREATE INDEX event_at ON event(at);
