PRAGMA application_id = 0x4472676d;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE batch(number INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO "batch" VALUES(1,'{"at":"2026-11-21T23:15:38.311Z","count":1,"first_position":1,"format":1,"number":1,"previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","root":"sha256:dd3ee08d2823155d0a4b86615e3cfe3ae6cff6cb4ac9d0b9ae60f8a7732b080a","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(2,'{"at":"2026-11-21T23:15:38.314Z","count":1,"first_position":2,"format":1,"number":2,"previous":"sha256:44c2cd00950a969093f1e1ca2e83ff63680412da6c974761022b8ae83a284c76","root":"sha256:b9b3ca31ffa4c1f154a141fb3fdac31d48d3bb5e8c3a3d3806ee2af506e2f2ae","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(3,'{"at":"2026-11-21T23:15:38.315Z","count":1,"first_position":3,"format":1,"number":3,"previous":"sha256:f90917d8dd36bdd3a0aeb6b992af489e7d8ba90cb6b00df1dfd9fc17e419b84a","root":"sha256:16c5ee48963eb6c213d367d450f2a722792821bb8545acbdb8cf60a75b37673b","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(4,'{"at":"2026-11-21T23:15:38.316Z","count":1,"first_position":4,"format":1,"number":4,"previous":"sha256:640ff45d5c3dda6168b98ad57b673a2f3384d9c19c351ddaba5028f4b805c18b","root":"sha256:422fb0e965a07d18176af12eb5f530fda92a95eae2d97b65954b4290af6952e3","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(5,'{"at":"2026-11-21T23:15:38.322Z","count":1,"first_position":5,"format":1,"number":5,"previous":"sha256:ab968103d884e08dbf062617ecbcbececc92fe0bbc2ae70f1120a911f8046a2b","root":"sha256:a89760da14ddcd4a64f37660c3ac9136ff684784603842c291f3c264f10d82e1","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(6,'{"at":"2026-11-21T23:15:38.325Z","count":1,"first_position":6,"format":1,"number":6,"previous":"sha256:18e0cd7945749f3268a188421c97f1eaa4bede2b401c042b48c405a3a5774c58","root":"sha256:d108e541f48eec2a9867f50de877c529d97c8e3729ea450beed580cc88159d6b","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(7,'{"at":"2026-11-21T23:15:38.326Z","count":1,"first_position":7,"format":1,"number":7,"previous":"sha256:c9a783ac6d23868804d84d8ad6634f3c606aa6b7151107ebb8eda411b7adf9e9","root":"sha256:a90489c64e8d1e67ff95dd1c804a9353675740640b5fe9ad34a506530f97a553","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
INSERT INTO "batch" VALUES(8,'{"at":"2026-11-21T23:15:38.326Z","count":1,"first_position":8,"format":1,"number":8,"previous":"sha256:15a4e7ca465ab4a7c25c31014e988b42814b0175f483b13a1a26ff50afeb794d","root":"sha256:74297c40ccc64ecb7b3a5a508087663b3b85f36d3c2563e1da8decc4c5f0ec4f","writer":"01a20064-d637-70cb-9123-4d364e56ed32"}');
CREATE TABLE body(position INTEGER PRIMARY KEY, salt BLOB NOT NULL, encoding INTEGER NOT NULL, bytes BLOB NOT NULL);
INSERT INTO "body" VALUES(1,X'B7656358456E5B6C888F870720FBCBF7',0,X'7B226D657373616765223A7B226F72646572223A226F726465722D31227D7D');
INSERT INTO "body" VALUES(2,X'58E88E8D6A61E8FF769D5709B9B80C7F',0,X'7B226F7574707574223A317D');
INSERT INTO "body" VALUES(3,X'2517C4D58F3CD95391BE3E5EF979ABED',0,X'7B226F7574707574223A327D');
INSERT INTO "body" VALUES(4,X'72BCCE73C5E9953F7FB05F947C940B30',0,X'7B226F7574707574223A7B226E223A337D7D');
INSERT INTO "body" VALUES(5,X'4270A4D5C1ABC5418F5F14D98C0CA976',0,X'7B226D657373616765223A7B226F72646572223A226F726465722D32227D7D');
INSERT INTO "body" VALUES(6,X'8DBF03D15D7F5234B63452C87EAC9BA1',0,X'7B226F7574707574223A317D');
INSERT INTO "body" VALUES(7,X'2A0C784E647E0DC1967CFE307F90D59A',0,X'7B22726561736F6E223A226E6F206D6F7265207061706572227D');
INSERT INTO "body" VALUES(8,X'B3B19FDB3585E2556C28EAF15D21F0D9',0,X'7B226D657373616765223A7B226F72646572223A226F726465722D33227D7D');
CREATE TABLE document(
  number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, media_type TEXT NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE entry(position INTEGER PRIMARY KEY, run BLOB NOT NULL, seq INTEGER NOT NULL, header TEXT NOT NULL);
INSERT INTO "entry" VALUES(1,X'019B76DAA80070008000000000000001',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:63fa34769969098be0e922df9134cfcfc2b151be62ebcc994bfe333537f97e58","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-1","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000001","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(2,X'019B76DAA80070008000000000000001',1,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.001Z","body":"sha256:12df3c65dbff83300f57b3b7c9091ffe128e777e45cc1473cd62b38bd7c92946","format":1,"record":{"attempt":1,"kind":"read","usage":{"bytes_in":0,"bytes_out":0,"cpu_us":0,"host_calls":0,"peak_memory":0,"requests":0,"wall_us":0}},"run":"019b76da-a800-7000-8000-000000000001","seq":1,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(3,X'019B76DAA80070008000000000000001',2,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.002Z","body":"sha256:4f955157cfc2d9c1120707afe9db4504d7568aaf4956965cf7ebf19090608637","format":1,"record":{"attempt":1,"kind":"read","usage":{"bytes_in":0,"bytes_out":0,"cpu_us":0,"host_calls":0,"peak_memory":0,"requests":0,"wall_us":0}},"run":"019b76da-a800-7000-8000-000000000001","seq":2,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(4,X'019B76DAA80070008000000000000001',3,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.003Z","body":"sha256:03e312c57286a24edb4f40ab5118f2107fb49f6957cd3660f14654f76d077f40","format":1,"record":{"ending":"completed","kind":"closed"},"run":"019b76da-a800-7000-8000-000000000001","seq":3,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(5,X'019B76DAA80070008000000000000002',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:462166c42d8a3b11cd231802d4e24a00d8c75034bf01ab1738f88149e1273616","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-2","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000002","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(6,X'019B76DAA80070008000000000000002',1,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.001Z","body":"sha256:664865688011642bdece0d22c85481e42417f3adff8a45a0dc85a965442cd1e3","format":1,"record":{"attempt":1,"kind":"read","usage":{"bytes_in":0,"bytes_out":0,"cpu_us":0,"host_calls":0,"peak_memory":0,"requests":0,"wall_us":0}},"run":"019b76da-a800-7000-8000-000000000002","seq":1,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(7,X'019B76DAA80070008000000000000002',2,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.002Z","body":"sha256:c9076f023db9fda9164ee2472b7b360a00983b038ad89c5985aedc8d54bae06c","format":1,"record":{"code":"park","kind":"parked"},"run":"019b76da-a800-7000-8000-000000000002","seq":2,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(8,X'019B76DAA80070008000000000000003',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:d9c93e7d01fbe1a885b00006a4f30e5205de2fce470ed66ee79feae3916856a6","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-3","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000003","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
CREATE TABLE ledger_account(
  number INTEGER PRIMARY KEY, ledger TEXT NOT NULL, account TEXT NOT NULL, single INTEGER NOT NULL,
  claims INTEGER NOT NULL, UNIQUE(ledger, account));
CREATE TABLE ledger_line(
  account INTEGER NOT NULL, item TEXT NOT NULL, unit TEXT NOT NULL, most TEXT NOT NULL, taken TEXT NOT NULL,
  PRIMARY KEY(account, item)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('writer','01a20064-d637-70cb-9123-4d364e56ed32');
CREATE TABLE once_key(
  number INTEGER PRIMARY KEY, scope TEXT NOT NULL, key TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL,
  state INTEGER NOT NULL, input BLOB NOT NULL, input_body TEXT NOT NULL, output TEXT, reference TEXT,
  since INTEGER NOT NULL, UNIQUE(scope, key));
INSERT INTO "once_key" VALUES(1,'shop.ship','7',X'019B76DAA80070008000000000000001','ship',1,X'7902699BE42C8A8E46FBBB4501726517E86B22C56A189F7625A6DA49081B2451','{"n":7}','{"id":1}','order-7',2);
CREATE TABLE reference(name TEXT PRIMARY KEY, voided_by BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE reference_effect(
  number INTEGER PRIMARY KEY, reference TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL, scope TEXT NOT NULL,
  state INTEGER NOT NULL, input TEXT NOT NULL, output TEXT, since INTEGER NOT NULL, UNIQUE(reference, run, path));
CREATE TABLE run(
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, pipeline TEXT NOT NULL, run_key TEXT NOT NULL,
  content BLOB NOT NULL, parent BLOB, parent_path TEXT, parent_index INTEGER,
  standing INTEGER NOT NULL, wake INTEGER, ending INTEGER, epoch INTEGER NOT NULL, lease_until INTEGER NOT NULL,
  due INTEGER, entries INTEGER NOT NULL, began INTEGER NOT NULL, touched INTEGER NOT NULL, outcome INTEGER);
INSERT INTO "run" VALUES(1,X'019B76DAA80070008000000000000001','orders','order-1',X'0BAFE22156D2698C143B86040446D366EAD863BA600D5C924F3D15C786EF4057',NULL,NULL,NULL,4,NULL,0,1,0,NULL,4,1767225600000,1767225600003,4);
INSERT INTO "run" VALUES(2,X'019B76DAA80070008000000000000002','orders','order-2',X'3D5E3106CD72BA03FEDEDF6DBB9FC3367EDCEBE453E90DB236EA763AA228BEE3',NULL,NULL,NULL,3,NULL,NULL,1,0,NULL,3,1767225600000,1767225600002,7);
INSERT INTO "run" VALUES(3,X'019B76DAA80070008000000000000003','orders','order-3',X'28EC9A8FF249FD5FB2993734C026AFBBE4DEA76EC7A999C23D774236BBB86DE7',NULL,NULL,NULL,0,NULL,NULL,1,1767225610000,1767225610000,1,1767225600000,1767225600000,NULL);
CREATE TABLE state(
  connection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(connection, key)) WITHOUT ROWID;
CREATE TABLE version(number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
CREATE TABLE wait(
  id TEXT PRIMARY KEY, run BLOB NOT NULL, path TEXT NOT NULL, decision TEXT NOT NULL, roles TEXT NOT NULL,
  since INTEGER NOT NULL, due INTEGER, show TEXT NOT NULL, shown BLOB NOT NULL, reference TEXT) WITHOUT ROWID;
CREATE UNIQUE INDEX entry_run ON entry(run, seq);
CREATE UNIQUE INDEX run_key ON run(pipeline, run_key) WHERE parent IS NULL;
CREATE INDEX run_parent ON run(parent, parent_path, parent_index) WHERE parent IS NOT NULL;
CREATE INDEX run_due ON run(due) WHERE due IS NOT NULL;
CREATE INDEX once_reference ON once_key(reference) WHERE reference IS NOT NULL;
CREATE INDEX wait_run ON wait(run);
COMMIT;
