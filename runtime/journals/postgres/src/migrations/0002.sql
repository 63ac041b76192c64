-- Whoever closes a reference looks for those that wait under it, among a million that wait.
CREATE INDEX wait_reference ON wait(reference) WHERE reference IS NOT NULL;
