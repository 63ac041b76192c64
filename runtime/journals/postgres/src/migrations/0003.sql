-- Which runs were erased, and a way to those that have ended.
ALTER TABLE run ADD COLUMN erased boolean;
CREATE INDEX run_ended ON run(pipeline, touched, number)
  WHERE standing = 4 AND parent IS NULL AND erased IS NULL;
-- Which runs keep a document. Who adds one holds the document, so that nobody erases it in the same moment.
CREATE TABLE document_use(
  run uuid NOT NULL, digest bytea NOT NULL REFERENCES document(digest), PRIMARY KEY(run, digest));
CREATE INDEX document_use_digest ON document_use(digest);
INSERT INTO document_use(run, digest)
  SELECT DISTINCT e.run, d.digest FROM entry e JOIN body b USING(position),
    json_each(CASE json_typeof(convert_from(b.bytes, 'UTF8')::json -> 'documents') WHEN 'object'
      THEN convert_from(b.bytes, 'UTF8')::json -> 'documents' ELSE '{}' END) AS named(name, said),
    document d
  WHERE b.encoding = 0 AND e.header::json #>> '{record,kind}' IN ('accepted', 'read', 'done')
    AND d.digest = CASE json_typeof(said) WHEN 'object' THEN
      CASE WHEN said ->> 'digest' ~ '^sha256:[0-9a-f]{64}$' THEN decode(substr(said ->> 'digest', 8), 'hex') END END;
