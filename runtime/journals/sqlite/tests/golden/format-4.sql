PRAGMA application_id = 1148348269;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE batch(number INTEGER PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO "batch" VALUES(1,'{"at":"2026-11-23T21:23:15.264Z","count":1,"first_position":1,"format":1,"number":1,"previous":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","root":"sha256:33fc4eb00bcd9ba616aa7ac947180f24b69cfdd664e223c0edafcd91dd555dcf","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(2,'{"at":"2026-11-23T21:23:15.264Z","count":1,"first_position":2,"format":1,"number":2,"previous":"sha256:9eab50a9678b04938d22d15823c0500c8707308fd6a38dc244168c3aadb5d49e","root":"sha256:fd5358954fc421a10a9de90fffd602f09df71bb5fb8f107af32228ba9e25fb2c","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(3,'{"at":"2026-11-23T21:23:15.264Z","count":1,"first_position":3,"format":1,"number":3,"previous":"sha256:195f81df46e094987229f19afb9303447c523a7fa8f2b14f98c0db8e9d261357","root":"sha256:351c5b1340742d7f39bbdad831bd2ac50a5d58ac62e2461a22f83e4a202fb98e","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(4,'{"at":"2026-11-23T21:23:15.265Z","count":1,"first_position":4,"format":1,"number":4,"previous":"sha256:ddd1e0acb717c8eff4dbba1c55f4d02f47b32e5ad24ad2fe8bfbf02a0694c58e","root":"sha256:0846f261d286eab1171a3f43e0079e9e009ec43641d326ad68a9b1599c20c74c","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(5,'{"at":"2026-11-23T21:23:15.265Z","count":1,"first_position":5,"format":1,"number":5,"previous":"sha256:a8a9beb7b8c09bc4b9eb96a694b8933b2a7be45585db25b8938535dca2d6848c","root":"sha256:b07cee9128f4e20cc55ab0c714ecbc63f9b7692d5929bcc6f9a26190c55bd744","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(6,'{"at":"2026-11-23T21:23:15.266Z","count":1,"first_position":6,"format":1,"number":6,"previous":"sha256:6aa3fe31f566ac1319a204ba2f6a9b72637b47209ce4229bc8c1ea31ed86322e","root":"sha256:ed1fe642951b1d8663f0e5ec06a0b64b74cb58f481bcb2da3bd46315d0e7df38","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(7,'{"at":"2026-11-23T21:23:15.266Z","count":1,"first_position":7,"format":1,"number":7,"previous":"sha256:2fdbda2fe55bed0a6007d05488b3962b69c883832300dd6c4b719665919a8e86","root":"sha256:d4d5085d1801b4a26d6e86d9f737483abbe39b02853ec29c8f6c508ff0a4f417","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
INSERT INTO "batch" VALUES(8,'{"at":"2026-11-23T21:23:15.266Z","count":1,"first_position":8,"format":1,"number":8,"previous":"sha256:c476bfbd9574117d4807880009fc938bd406e1d0c698d35f34dd57ada015f38a","root":"sha256:167ce57cb7fafeaba66d9ab74a5119ad75c617518b8fc117b4e946b0468e05ff","writer":"01a20a4a-aabc-73be-946c-b3af9bf9f933"}');
CREATE TABLE body(position INTEGER PRIMARY KEY, salt BLOB NOT NULL, encoding INTEGER NOT NULL, bytes BLOB NOT NULL);
INSERT INTO "body" VALUES(1,X'159BAF02B4676C1E36D630D63B41D751',0,X'7B22646F63756D656E7473223A7B226D657373616765223A7B22646967657374223A227368613235363A63363133363234373530313638626163343264313837333264396161373866396433373364353630336264613935323262373936313331633366653664653437222C226D656469615F74797065223A226170706C69636174696F6E2F786D6C222C2273697A65223A387D7D2C226D657373616765223A7B226F72646572223A317D7D');
INSERT INTO "body" VALUES(2,X'B50D105113EFBD6CA119D04602355799',0,X'7B226D657373616765223A7B226F72646572223A226F726465722D32227D7D');
INSERT INTO "body" VALUES(3,X'FCFA4DEE9175C09A9D4029B662284B3C',0,X'7B2273686F77223A5B7B226F72646572223A327D5D7D');
INSERT INTO "body" VALUES(4,X'DDEAC147A0385493B0C1613369788462',0,X'7B226F7574707574223A317D');
INSERT INTO "body" VALUES(5,X'90AAC259FA0216EDE4CF40412D852440',0,X'7B226D657373616765223A7B226F72646572223A226F726465722D33227D7D');
INSERT INTO "body" VALUES(6,X'563E3558E4B03483A575FA1FF3B1A11E',0,X'7B2273686F77223A5B7B226F72646572223A337D5D7D');
INSERT INTO "body" VALUES(7,X'75053DCA42E1FC9AB770B51A9902C509',0,X'7B226F7574707574223A317D');
INSERT INTO "body" VALUES(8,X'D40ED58ECBCEC1BE08BDC0C446F02B1E',0,X'7B22616E73776572223A2273686970227D');
CREATE TABLE document(
  number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, media_type TEXT NOT NULL, bytes BLOB NOT NULL);
INSERT INTO "document" VALUES(1,X'C613624750168BAC42D18732D9AA78F9D373D5603BDA9522B796131C3FE6DE47','application/xml',X'3C70617065722F3E');
CREATE TABLE entry(position INTEGER PRIMARY KEY, run BLOB NOT NULL, seq INTEGER NOT NULL, header TEXT NOT NULL);
INSERT INTO "entry" VALUES(1,X'019B76DAA80070008000000000000001',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:51721484de05ee913da1d996cfcd61a45c30a4fd3c005fb05700e019ba7d1f46","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-1","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000001","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(2,X'019B76DAA80070008000000000000002',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:789df46a417517f8612d89266d9fbaf661e014cb4e775c95c7cb1b557ea5102c","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-2","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000002","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(3,X'019B76DAA80070008000000000000002',1,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.001Z","body":"sha256:6e774b44257ac0eff35493233fab556c17c5c2d5c4954696e4f2f29b8758ad82","format":1,"path":"ask","record":{"decision":"ship-or-refuse","due":"2027-01-15T08:00:00.000Z","kind":"waiting","reference":"ref-1","roles":["approver"],"shown":"sha256:8cf0325a026b8d57bb0cd7fc1c9893350fd022a15ab0f33bf3206cb8027e877c","wait":"8fa5337f-bc70-840f-8db0-62e91c74e949"},"run":"019b76da-a800-7000-8000-000000000002","seq":1,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(4,X'019B76DAA80070008000000000000002',2,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.002Z","body":"sha256:afca235fd238467c6bc91918a839809e8271111b580ffe54bf3190be91c7f42c","format":1,"path":"asked","record":{"attempt":1,"kind":"read","usage":{"bytes_in":0,"bytes_out":0,"cpu_us":0,"host_calls":0,"peak_memory":0,"requests":0,"wall_us":0}},"run":"019b76da-a800-7000-8000-000000000002","seq":2,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(5,X'019B76DAA80070008000000000000003',0,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.000Z","body":"sha256:91570397a10213689cf49fd841d0af0f504eab343670e4e8cde480d1bda6a1da","format":1,"record":{"kind":"accepted","mode":"live","pipeline":"orders","run_key":"order-3","trigger":"hook"},"run":"019b76da-a800-7000-8000-000000000003","seq":0,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(6,X'019B76DAA80070008000000000000003',1,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.001Z","body":"sha256:522c26b42cd468dab95faed8eff3cc89d02e94074db12c550886d536dd86b11a","format":1,"path":"ask","record":{"decision":"ship-or-refuse","due":"2027-01-15T08:00:00.000Z","kind":"waiting","reference":"ref-1","roles":["approver"],"shown":"sha256:275d7b6b5af9d61abff6ba00d4f2a632010c9e8dc75cdc00c3e05176c6ca7d91","wait":"8a36f0f7-bf65-85a7-9c0f-545ecb76ecfa"},"run":"019b76da-a800-7000-8000-000000000003","seq":1,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(7,X'019B76DAA80070008000000000000003',2,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.002Z","body":"sha256:9d2ef7c6031df0fad069da9b95a7c8f85c60958dd91c4092befa49dd2ecd7da9","format":1,"path":"asked","record":{"attempt":1,"kind":"read","usage":{"bytes_in":0,"bytes_out":0,"cpu_us":0,"host_calls":0,"peak_memory":0,"requests":0,"wall_us":0}},"run":"019b76da-a800-7000-8000-000000000003","seq":2,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
INSERT INTO "entry" VALUES(8,X'019B76DAA80070008000000000000003',3,'{"actor":{"authentication":"none","id":"suite","kind":"system"},"at":"2026-01-01T00:00:00.003Z","body":"sha256:04ec2b6c3e3a5992c151809ba6ff9f420aef1553d81a82c057b03a3a22741292","format":1,"record":{"kind":"answer","shown":"sha256:275d7b6b5af9d61abff6ba00d4f2a632010c9e8dc75cdc00c3e05176c6ca7d91","wait":"8a36f0f7-bf65-85a7-9c0f-545ecb76ecfa"},"run":"019b76da-a800-7000-8000-000000000003","seq":3,"versions":{"pipeline":"sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"}}');
CREATE TABLE event(
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT, data TEXT NOT NULL, run BLOB NOT NULL,
  path TEXT NOT NULL, pipeline TEXT NOT NULL, at INTEGER NOT NULL, delivered INTEGER NOT NULL);
CREATE TABLE ledger_account(
  number INTEGER PRIMARY KEY, ledger TEXT NOT NULL, account TEXT NOT NULL, single INTEGER NOT NULL,
  claims INTEGER NOT NULL, UNIQUE(ledger, account));
CREATE TABLE ledger_line(
  account INTEGER NOT NULL, item TEXT NOT NULL, unit TEXT NOT NULL, most TEXT NOT NULL, taken TEXT NOT NULL,
  PRIMARY KEY(account, item)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('writer','01a20a4a-aabc-73be-946c-b3af9bf9f933');
CREATE TABLE once_key(
  number INTEGER PRIMARY KEY, scope TEXT NOT NULL, key TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL,
  state INTEGER NOT NULL, input BLOB NOT NULL, input_body TEXT NOT NULL, output TEXT, reference TEXT,
  since INTEGER NOT NULL, UNIQUE(scope, key));
CREATE TABLE reference(name TEXT PRIMARY KEY, voided_by BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE reference_effect(
  number INTEGER PRIMARY KEY, reference TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL, scope TEXT NOT NULL,
  state INTEGER NOT NULL, input TEXT NOT NULL, output TEXT, since INTEGER NOT NULL, UNIQUE(reference, run, path));
CREATE TABLE run(
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, pipeline TEXT NOT NULL, run_key TEXT NOT NULL,
  content BLOB NOT NULL, parent BLOB, parent_path TEXT, parent_index INTEGER,
  standing INTEGER NOT NULL, wake INTEGER, ending INTEGER, epoch INTEGER NOT NULL, lease_until INTEGER NOT NULL,
  due INTEGER, entries INTEGER NOT NULL, began INTEGER NOT NULL, touched INTEGER NOT NULL, outcome INTEGER);
INSERT INTO "run" VALUES(1,X'019B76DAA80070008000000000000001','orders','order-1',X'A781679E01308CFEF90983A4C1350319A7E3993C3A3F5A8C8439781A326D7C8D',NULL,NULL,NULL,0,NULL,NULL,1,1767225610000,1767225610000,1,1767225600000,1767225600000,NULL);
INSERT INTO "run" VALUES(2,X'019B76DAA80070008000000000000002','orders','order-2',X'57298C0B4050ED07A337F1173DC7BA66E55448E819572AD129045BC8BA6A670F',NULL,NULL,NULL,2,1800000000000,NULL,1,0,1800000000000,3,1767225600000,1767225600002,NULL);
INSERT INTO "run" VALUES(3,X'019B76DAA80070008000000000000003','orders','order-3',X'5D94857D59C59E6147E334AF6FAEE903FA91868183AFB6AF9D1E4C4074337AA1',NULL,NULL,NULL,0,NULL,NULL,1,1767225610000,1767225610000,4,1767225600000,1767225600003,NULL);
CREATE TABLE state(
  connection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(connection, key)) WITHOUT ROWID;
CREATE TABLE version(number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
INSERT INTO "version" VALUES(1,X'1C168ADB00D208E42F93314529F1FA9C0427EB63233CEDA95A5DB52B7012A719',X'6F7264657273');
CREATE TABLE wait(
  id TEXT PRIMARY KEY, run BLOB NOT NULL, path TEXT NOT NULL, decision TEXT NOT NULL, roles TEXT NOT NULL,
  since INTEGER NOT NULL, due INTEGER, show TEXT NOT NULL, shown BLOB NOT NULL, reference TEXT, event TEXT, event_key TEXT) WITHOUT ROWID;
INSERT INTO "wait" VALUES('8fa5337f-bc70-840f-8db0-62e91c74e949',X'019B76DAA80070008000000000000002','ask','ship-or-refuse','["approver"]',1800000000000,1800000000000,'[{"order":2}]',X'8CF0325A026B8D57BB0CD7FC1C9893350FD022A15AB0F33BF3206CB8027E877C','ref-1',NULL,NULL);
CREATE UNIQUE INDEX entry_run ON entry(run, seq);
CREATE UNIQUE INDEX run_key ON run(pipeline, run_key) WHERE parent IS NULL;
CREATE INDEX run_parent ON run(parent, parent_path, parent_index) WHERE parent IS NOT NULL;
CREATE INDEX run_due ON run(due) WHERE due IS NOT NULL;
CREATE INDEX once_reference ON once_key(reference) WHERE reference IS NOT NULL;
CREATE INDEX wait_run ON wait(run);
CREATE INDEX event_key ON event(name, key, number) WHERE key IS NOT NULL;
CREATE INDEX event_open ON event(number) WHERE delivered = 0;
CREATE INDEX event_at ON event(at);
CREATE INDEX run_unfinished ON run(parent, parent_path, parent_index)
  WHERE parent IS NOT NULL AND (ending IS NULL OR ending > 1);
CREATE INDEX wait_event ON wait(event, event_key) WHERE event IS NOT NULL;
CREATE INDEX wait_reference ON wait(reference) WHERE reference IS NOT NULL;
CREATE INDEX run_open ON run(standing, number) WHERE ending IS NULL;
DELETE FROM "sqlite_sequence";
COMMIT;
