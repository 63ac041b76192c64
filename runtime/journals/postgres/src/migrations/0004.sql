-- What is due is taken in pages, in the order in which it became due and began, also where very much is due at once.
CREATE INDEX run_due_first ON run(due, number) WHERE due IS NOT NULL;
DROP INDEX run_due;
