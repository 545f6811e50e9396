// Makes the Parquet files of this folder. npm i @duckdb/node-api parquet-wasm apache-arrow hyparquet-writer; node make.mjs FOLDER
import fs from 'fs';
import path from 'path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetWriteFile } from 'hyparquet-writer';
import * as arrow from 'apache-arrow';
import * as wasm from 'parquet-wasm/node';

const folder = process.argv[2];
const words = ['alpha', 'beta', 'gamma', 'delta', 'Größe', '長い', '😀 smile'];
const rows = [];
for (let i = 0; i < 60; i++) {
  const messages = [];
  for (let k = 0; k < i % 4; k++)
    messages.push({ role: 'user', content: `${words[(i + k) % 7]} ${i}?` }, { role: 'assistant', content: i % 5 === 0 && k === 1 ? null : `Answer ${i * k}\nline` });
  rows.push({
    id: i * 1000003,
    lang: i % 6 === 1 ? null : ['en', 'de', 'zh'][i % 3],
    score: i % 10 === 9 ? null : i / 8 - 2,
    ok: i % 3 === 0,
    day: new Date(Date.UTC(2020, 0, 1 + 40 * i)).toISOString().slice(0, 10),
    moment: new Date(Date.UTC(2021, 5, 1, 12, i, 30, i * 7)).toISOString().replace(/\.000Z$/, 'Z').replace(/(\.\d*?)0+Z$/, '$1Z'),
    tags: i % 7 === 3 ? null : Array.from({ length: i % 3 }, (_, k) => (i % 11 === 5 && k === 0 ? null : words[(i + k) % 7])),
    messages: i % 13 === 12 ? null : messages,
    meta: i % 8 === 7 ? null : { source: words[i % 2], ids: i % 8 === 3 ? null : Array.from({ length: i % 4 }, (_, k) => i + k) },
    price: i / 4 - 3.25,
  });
}
fs.writeFileSync(path.join(folder, 'rows.jsonl'), rows.map(row => JSON.stringify(row)).join('\n') + '\n');

// DuckDB
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run(`create table t as select * from read_json('${path.join(folder, 'rows.jsonl')}', format = 'newline_delimited', columns = {
  id: 'BIGINT', lang: 'VARCHAR', score: 'DOUBLE', ok: 'BOOLEAN', day: 'DATE', moment: 'TIMESTAMPTZ', tags: 'VARCHAR[]',
  messages: 'STRUCT(role VARCHAR, content VARCHAR)[]', meta: 'STRUCT(source VARCHAR, ids INTEGER[])', price: 'DECIMAL(10,2)'})`);
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4_raw', 'brotli'])
  await db.run(`copy t to '${path.join(folder, `duckdb-${codec}.parquet`)}' (format parquet, codec '${codec}')`);
await db.run(`copy t to '${path.join(folder, 'duckdb-v2.parquet')}' (format parquet, codec 'zstd', parquet_version v2)`);
// Types that are in no conversation, each beside the text that DuckDB itself has for it.
await db.run(`create table k as select
  i::TINYINT i8, i::USMALLINT u16, (i * 1000000000)::UBIGINT u64, (i::FLOAT / 3) f32, '12:34:56.5'::TIME tm, ('2001-02-03 04:05:06'::TIMESTAMP + to_microseconds(i * 37)) ts,
  ('2001-02-03 04:05:06'::TIMESTAMP + to_milliseconds(i))::TIMESTAMP_MS tsms, ('2001-02-03 04:05:06'::TIMESTAMP)::TIMESTAMP_NS tsns,
  uuid, kind, encode('b' || i) blob, (i * 1.5)::DECIMAL(4,1) d4, (i * 1234567890.25)::DECIMAL(38,2) d38, MAP {'k' || i: i, 'z': -i} m, [[i], [], [i, i + 1]] nested
  from (select range i, ('00000000-0000-0000-0000-00000000000' || range)::UUID uuid, (CASE WHEN range % 2 = 0 THEN 'even' ELSE 'odd' END) kind from range(8))`);
await db.run(`copy k to '${path.join(folder, 'duckdb-types.parquet')}' (format parquet, codec 'snappy')`);

// hyparquet-writer: several row groups, dictionaries

parquetWriteFile({
  filename: path.join(folder, 'hyparquet-groups.parquet'),
  columnData: [
    { name: 'id', data: rows.map(row => BigInt(row.id)), type: 'INT64' },
    { name: 'lang', data: rows.map(row => row.lang), type: 'STRING', nullable: true },
    { name: 'score', data: rows.map(row => row.score), type: 'DOUBLE', nullable: true },
    { name: 'ok', data: rows.map(row => row.ok), type: 'BOOLEAN' },
  ],
  rowGroupSize: 17,
});

// arrow-rs (parquet-wasm): lists of structs, pages of both kinds, several row groups
const message = new arrow.Struct([new arrow.Field('role', new arrow.Utf8(), true), new arrow.Field('content', new arrow.Utf8(), true)]);
const types = {
  id: new arrow.Int64(), lang: new arrow.Utf8(), score: new arrow.Float64(), ok: new arrow.Bool(),
  tags: new arrow.List(new arrow.Field('item', new arrow.Utf8(), true)), messages: new arrow.List(new arrow.Field('item', message, true)),
  meta: new arrow.Struct([new arrow.Field('source', new arrow.Utf8(), true), new arrow.Field('ids', new arrow.List(new arrow.Field('item', new arrow.Int32(), true)), true)]),
};
const table = new arrow.Table(Object.fromEntries(Object.entries(types).map(([name, type]) =>
  [name, arrow.vectorFromArray(rows.map(row => (name === 'id' ? BigInt(row.id) : row[name])), type)])));
for (const [name, codec, version] of [['v1-snappy', wasm.Compression.SNAPPY, wasm.WriterVersion.V1], ['v2-zstd', wasm.Compression.ZSTD, wasm.WriterVersion.V2], ['v2-lz4', wasm.Compression.LZ4_RAW, wasm.WriterVersion.V2], ['v2-plain', wasm.Compression.UNCOMPRESSED, wasm.WriterVersion.V2]]) {
  let builder = new wasm.WriterPropertiesBuilder().setCompression(codec).setWriterVersion(version).setMaxRowGroupSize(25).setDataPageSizeLimit(300).setWriteBatchSize(5);
  if (name === 'v2-plain') builder = builder.setDictionaryEnabled(false);
  fs.writeFileSync(path.join(folder, `arrow-rs-${name}.parquet`), wasm.writeParquet(wasm.Table.fromIPCStream(arrow.tableToIPC(table, 'stream')), builder.build()));
}
// What DuckDB reads of each of them.
for (const file of fs.readdirSync(folder).filter(name => name.endsWith('.parquet'))) {
  const read = await db.runAndReadAll(`select count(*) c from '${path.join(folder, file)}'`);
  const info = await db.runAndReadAll(`select string_agg(distinct compression, ','), string_agg(distinct encodings, ','), max(row_group_id) + 1 from parquet_metadata('${path.join(folder, file)}')`);
  console.log(file, fs.statSync(path.join(folder, file)).size, read.getRows()[0][0], info.getRows()[0]);
}
const kinds = await db.runAndReadAll(`select to_json(k) from k`);
fs.writeFileSync(path.join(folder, 'duckdb-types.jsonl'), kinds.getRows().map(row => row[0]).join('\n') + '\n');
// A CSV with quotes, line ends and separators in its fields, and what stands in it.
await db.run(`copy (select id, lang, score, array_to_string(list_transform(messages, x -> x.role || ': "' || coalesce(x.content, '') || '"'), E',\n') as body from t) to '${path.join(folder, 'duckdb.csv')}' (format csv, header, nullstr 'NULL')`);
const bodies = rows.map(row => ({ id: `${row.id}`, lang: row.lang ?? 'NULL', body: row.messages === null ? 'NULL' : row.messages.map(x => `${x.role}: "${x.content ?? ''}"`).join(',\n') }));
fs.writeFileSync(path.join(folder, 'duckdb-csv.jsonl'), bodies.map(row => JSON.stringify(row)).join('\n') + '\n');
