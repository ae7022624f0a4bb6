// The peer of "1 % changed": a diff of two CSV files in DuckDB, one thread, by a 64-bit hash of every row.
// Prints how many rows were changed, added and removed, joined by the id column.
//   node diff.mjs OLD.csv NEW.csv
import { DuckDBInstance } from '@duckdb/node-api';

const [before, after] = process.argv.slice(2);
const db = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
const rows = (file) =>
  `SELECT id, hash(t) AS h FROM read_csv('${file.replaceAll("'", "''")}', all_varchar = true, header = true) t`;
const result = await db.runAndReadAll(`
  SELECT count(*) FILTER (WHERE o.h <> n.h)      AS changed,
         count(*) FILTER (WHERE o.id IS NULL)    AS added,
         count(*) FILTER (WHERE n.id IS NULL)    AS removed,
         current_setting('threads')              AS threads,
         version()                               AS version
  FROM (${rows(before)}) o FULL OUTER JOIN (${rows(after)}) n ON o.id = n.id`);
console.log(JSON.stringify(result.getRowObjectsJson()[0]));
