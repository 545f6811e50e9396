// Golden data for the parts of tokenizer.json, one by one and together, from Hugging Face's own tokenizers (npm package
// "tokenizers" 0.23.2, its Rust code behind Node):
//   npm install --ignore-scripts tokenizers@0.23.2 && node make-components.js ../../Fixtures/tokenizers
// Writes components.json (small tokenizers over made-up vocabularies, with texts, ids and decoded texts) and unicode.json
// (SHA-256 over all code points of what normalizers and character classes make of them).
const { Tokenizer } = require('tokenizers');
const fs = require('fs'), path = require('path'), crypto = require('crypto');
const folder = process.argv[2];

let state = 20260622;
const random = () => (state = (state * 1664525 + 1013904223) % 4294967296) / 4294967296;
const below = n => Math.floor(random() * n);
const pick = list => list[below(list.length)];

const fragments = ['a', 'b', 's', 'S', 't', 'T', 'l', 'e', 'x', 'K', 'ſ', '\u212A', '1', '2', '9', ' ', ' ', ' ', '  ', '\n', '\r', '\r\n', '\t', '.', ',', "'",
  "'s", "'LL", "'ſ", '!', '_', '-', 'é', 'e\u0301', '\u0301', '\u0345', 'ß', '漢', '字', 'あ', 'カ', '한', '\u1112\u1161\u11ab', '🙂', '👩\u200d👧', '𐐀', '𝐀', '𝟎',
  '²', '½', 'Ⅷ', '\u00a0', '\u3000', '\u2028', '\u0085', '\u200b', 'ﬁ', 'İ', 'Σ', 'ς', 'ǅ', '٣', '€', '+', '<x>', '<y>', '[z]', '▁', '\u0000', '\ufffd', '(', '|', ')', '。'];
const characters = [...new Set(fragments.flatMap(fragment => [...fragment]))].filter(character => !'漢\u2028€'.includes(character));
const byteAlphabet = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode((b >= 33 && b <= 126) || (b >= 0xa1 && b <= 0xac) || b >= 0xae ? b : 256 + others++));
})();

function text() {
  const some = random() < 0.5 ? fragments : Array.from({ length: 6 }, () => pick(fragments));
  let result = '';
  for (let i = below(14) + (random() < 0.1 ? 20 : 0); i > 0; i--) result += pick(some);
  return result;
}

function bpe(base, count, options = {}, seeds = null) {
  const { missingBytes, ...flags } = options;
  const prefix = flags.continuing_subword_prefix ?? '', suffix = flags.end_of_word_suffix ?? '';
  const vocab = {};
  const add = piece => { if (!(piece in vocab)) vocab[piece] = Object.keys(vocab).length; };
  if (flags.unk_token) add(flags.unk_token);
  base.forEach(add);
  if (prefix) base.forEach(piece => add(prefix + piece));
  if (suffix) { base.forEach(piece => add(piece + suffix)); if (prefix) base.forEach(piece => add(prefix + piece + suffix)); }
  if (flags.byte_fallback) for (let b = 0; b < 256; b++) if (!missingBytes || b % 3) add('<0x' + b.toString(16).toUpperCase().padStart(2, '0') + '>');
  const pieces = seeds ?? Object.keys(vocab).filter(piece => piece !== flags.unk_token && !piece.startsWith('<0x'));
  const merges = [];
  for (let i = 0; i < count; i++) {
    const left = pick(pieces), right = pick(pieces), merged = left + right.slice(prefix.length);
    if ((prefix && !right.startsWith(prefix)) || (suffix && left.endsWith(suffix)) || merged.length > 9) continue;
    merges.push([left, right]);
    add(merged);
    pieces.push(merged);
  }
  return { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false, ...flags, vocab, merges };
}

const usedBytes = () => [...new Set([...Buffer.from(fragments.join(''))])].map(b => byteAlphabet[b]);
const models = {
  plain: bpe(characters, 160, { unk_token: '<unk>' }),
  fused: bpe(characters, 160, { unk_token: '<unk>', fuse_unk: true }),
  noUnknown: bpe(characters, 160),
  byteFallback: bpe(characters, 160, { byte_fallback: true }),
  someBytes: bpe(characters, 160, { byte_fallback: true, unk_token: '<unk>', missingBytes: true }),
  someBytesFused: bpe(characters, 160, { byte_fallback: true, unk_token: '<unk>', fuse_unk: true, missingBytes: true }),
  ignoresMerges: bpe(characters, 160, { ignore_merges: true, unk_token: '<unk>' }),
  prefix: bpe(characters, 300, { continuing_subword_prefix: '##', unk_token: '<unk>' }),
  suffix: bpe(characters, 300, { end_of_word_suffix: '</w>', unk_token: '<unk>' }),
  bothAffixes: bpe(characters, 500, { continuing_subword_prefix: '##', end_of_word_suffix: '</w>', unk_token: '<unk>', fuse_unk: true, byte_fallback: true }),
  byteLevel: bpe(byteAlphabet, 400, {}, usedBytes()),
  byteLevelIgnoresMerges: bpe(byteAlphabet, 400, { ignore_merges: true }, usedBytes()),
  words: { type: 'WordLevel', vocab: { '<unk>': 0, a: 1, b: 2, s: 3, "'": 4, '.': 5, 'é': 6, '1': 7, ' ': 8, '▁a': 9, '漢字': 10 }, unk_token: '<unk>' },
};
const added = [
  [],
  [{ content: '<x>', special: true }, { content: '<y>' }],
  [{ content: '<x>', special: true, lstrip: true }, { content: '<y>', rstrip: true, normalized: true }, { content: '[z]', single_word: true }],
  [{ content: '<x>', rstrip: true }, { content: ' ', special: true }, { content: '  ' }, { content: 's', single_word: true, normalized: true }],
  [{ content: 'S', normalized: true, special: true }, { content: 'É' }, { content: 'e\u0301', normalized: true }, { content: 'aa', lstrip: true, rstrip: true, single_word: true }],
];

const tokenizers = [];
async function make(model, parts, texts = 12) {
  let next = Object.keys(models[model].vocab).length;
  const tokens = (parts.added_tokens ?? []).map(token => ({
    id: token.content in models[model].vocab ? models[model].vocab[token.content] : next++,
    single_word: false, lstrip: false, rstrip: false, normalized: false, special: false, ...token,
  }));
  const rest = { version: '1.0', truncation: null, padding: null, normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...parts, added_tokens: tokens };
  const tokenizer = Tokenizer.fromString(JSON.stringify({ ...rest, model: models[model] }));
  const cases = [];
  for (let i = 0; i < texts; i++) {
    const item = text();
    const ids = (await tokenizer.encode(item, null, { addSpecialTokens: false })).getIds();
    const special = (await tokenizer.encode(item)).getIds();
    cases.push({ text: item, ids, ids_with_special: special, decoded: await tokenizer.decode(ids, false), decoded_without_special: await tokenizer.decode(ids, true) });
  }
  tokenizers.push({ model, parts: rest, cases });
}

const sequence = (...steps) => ({ type: 'Sequence', pretokenizers: steps });
const split = (pattern, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern: { Regex: pattern }, behavior, invert });
const splitAt = (literal, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern: { String: literal }, behavior, invert });
const byteLevel = (flags = {}) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false, ...flags });
const metaspace = (prepend_scheme, cuts) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: cuts });
const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)", letters = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+', remainder = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const patterns = [
  `${contractions}|${letters}|\\p{N}{1,3}|${remainder}`, `${contractions}|${letters}|\\p{N}|${remainder}`, `${contractions}|${letters}|\\p{N}+|${remainder}`,
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${contractions}?|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${contractions}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  '[一-龥\u3040-ゟ゠-ヿ]+', '\\s?\\p{L}+', '\\s?\\p{P}+', '[\\r\\n]', '\\p{N}{1,3}+', '[0-9][0-9][0-9]', ' ?[^(\\s|[.,!?…。，、।۔،])]+', '\\w+|[^\\w\\s]+', '(?<=[a-z])(?=[A-Z0-9])',
  '(?<!a)b+?', '\\bs', 'a++.|x*', '(?>a|ab)s', '^\\s*', '$', '(?m:.)+?', '[\\w&&[^\\d_]]+', '[[:space:]]+', '[^[:punct:]]+', '\\p{Han}+|\\p{Hiragana}', '(?i)k|s', 'x*', '\\d+|\\D',
  '\\h+', '(?:ab?)+?s|(?:s|t|)+e', '(?:a|b){2,3}', '\\S+\\s{,2}', '\\A.|.\\z|.\\Z', '[\\x{1F300}-\\x{1FAFF}]|\\u0301', '(?=a)|(?!\\p{L})\\p{M}', '\\p{L}\\p{M}*', '\\B.', '[^a-z]|(?<n>e)',
  'a{0}b|a{2}?|e{1,2}?', 'a(?i)S|b',
];

async function components() {
  for (const pattern of patterns) {
    await make('plain', { pre_tokenizer: split(pattern, pick(behaviors), random() < 0.3), added_tokens: pick(added) });
    await make('byteLevel', { pre_tokenizer: sequence(split(pattern), byteLevel({ add_prefix_space: random() < 0.3 })), decoder: byteLevel(), added_tokens: pick(added) });
  }
  for (const behavior of behaviors) for (const invert of [false, true]) for (const pattern of [split('[ab]| ', behavior, invert), split("\\s+|'s|x*", behavior, invert), splitAt(' ', behavior, invert)])
    await make('fused', { pre_tokenizer: pattern });
  for (const step of [
    { type: 'Digits', individual_digits: true }, { type: 'Digits', individual_digits: false }, { type: 'Whitespace' }, { type: 'WhitespaceSplit' },
    ...behaviors.map(behavior => ({ type: 'Punctuation', behavior })), { type: 'Punctuation' }, { type: 'BertPreTokenizer' }, { type: 'CharDelimiterSplit', delimiter: 'a' },
    ...['always', 'never', 'first'].flatMap(scheme => [metaspace(scheme, true), metaspace(scheme, false)]),
    { type: 'Metaspace', replacement: '_', add_prefix_space: true }, { type: 'Metaspace', replacement: '_', add_prefix_space: false, prepend_scheme: 'never' },
    sequence({ type: 'WhitespaceSplit' }, metaspace('first', true)), sequence({ type: 'WhitespaceSplit' }, metaspace('always', false)),
  ]) await make('plain', { pre_tokenizer: step, added_tokens: pick(added), decoder: pick([metaspace('always', true), metaspace('never', true), metaspace('first', true), { type: 'Fuse' }, null]) });
  for (const step of [
    byteLevel({ use_regex: true }), byteLevel({ add_prefix_space: true, use_regex: true }), { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false },
    sequence({ type: 'Punctuation', behavior: 'Contiguous' }, byteLevel({ use_regex: true }), { type: 'Digits', individual_digits: false }, split('[0-9][0-9][0-9]')),
    sequence({ type: 'Digits', individual_digits: true }, byteLevel({ use_regex: true })), sequence(splitAt(' ', 'MergedWithNext'), { type: 'Punctuation' }, byteLevel({ add_prefix_space: true })),
    sequence(byteLevel({ use_regex: true }), byteLevel()),
  ]) for (const model of ['byteLevel', 'byteLevelIgnoresMerges']) await make(model, { pre_tokenizer: step, added_tokens: pick(added), decoder: byteLevel() });
  const replace = (pattern, content) => ({ type: 'Replace', pattern, content });
  const normalizers = [...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents'].map(type => ({ type })), { type: 'Strip', strip_left: true, strip_right: true }, { type: 'Strip', strip_left: false, strip_right: true },
    { type: 'Prepend', prepend: '▁' }, replace({ String: ' ' }, '▁'), replace({ Regex: "\\s+|'s" }, ' '), replace({ Regex: 'x*' }, '-'), replace({ Regex: '[^\\p{L}]{2,}' }, '')];
  const llama = { type: 'Sequence', decoders: [replace({ String: '▁' }, ' '), { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] };
  for (const normalizer of [...normalizers, { type: 'Sequence', normalizers: [normalizers[1], normalizers[4], normalizers[5]] }, { type: 'Sequence', normalizers: [normalizers[8], normalizers[9]] },
    { type: 'Sequence', normalizers: [normalizers[6], normalizers[2], normalizers[10]] }, { type: 'Sequence', normalizers: [] }])
    for (const tokens of [pick(added.slice(0, 3)), pick(added.slice(3))]) await make(pick(['plain', 'byteFallback']), { normalizer, added_tokens: tokens, decoder: pick([null, llama]) });
  for (const model of Object.keys(models).filter(name => !name.startsWith('byteLevel')))
    for (const pre_tokenizer of [model === 'words' ? { type: 'BertPreTokenizer' } : null, { type: 'Whitespace' }, { type: 'WhitespaceSplit' }])
      await make(model, { pre_tokenizer, decoder: pick([null, { type: 'Fuse' }, llama, { type: 'Strip', content: 'a', start: 2, stop: 0 }, replace({ Regex: '[ab]' }, '<>')]) }, 16);
  const special = { a: { id: 'a', ids: [1, 2], tokens: ['a', 'b'] }, b: { id: 'b', ids: [2], tokens: ['b'] } };
  const template = (before, after) => ({
    type: 'TemplateProcessing', single: [...before.map(id => ({ SpecialToken: { id, type_id: 0 } })), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(id => ({ SpecialToken: { id, type_id: 0 } }))],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }], special_tokens: special,
  });
  for (const post_processor of [template(['a'], []), template(['a'], ['b']), template([], ['b', 'b']), byteLevel(), { type: 'Sequence', processors: [byteLevel(), template(['b'], ['a'])] },
    { type: 'Sequence', processors: [] }, { type: 'RobertaProcessing', sep: ['b', 2], cls: ['a', 1], trim_offsets: true, add_prefix_space: true }, { type: 'BertProcessing', sep: ['b', 2], cls: ['a', 1] }])
    await make('plain', { post_processor }, 4);
  for (const tokens of added) {
    await make('suffix', { pre_tokenizer: { type: 'WhitespaceSplit' }, decoder: { type: 'BPEDecoder', suffix: '</w>' }, added_tokens: tokens });
    await make('byteLevel', { normalizer: { type: 'ByteLevel' }, decoder: byteLevel(), added_tokens: tokens });
    await make('byteLevel', { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'ByteLevel' }] }, pre_tokenizer: splitAt('Ġ', 'MergedWithNext'), decoder: byteLevel(), added_tokens: tokens });
  }
  fs.writeFileSync(path.join(folder, 'components.json'), JSON.stringify({ library: 'tokenizers 0.23.2', models, tokenizers }));
}

function unicode() {
  const single = parts => Tokenizer.fromString(JSON.stringify({
    version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...parts, model: models.words }));
  const digest = make => {
    const hash = crypto.createHash('sha256');
    for (let c = 0; c < 0x110000; c++) if (c < 0xd800 || c > 0xdfff) hash.update(make(String.fromCodePoint(c)) + '\n', 'utf8');
    return hash.digest('hex');
  };
  const normalizers = {}, inContext = {}, properties = {}, sets = {};
  for (const type of ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt', 'ByteLevel']) {
    const normalizer = single({ normalizer: { type } }).getNormalizer();
    normalizers[type] = digest(c => normalizer.normalizeString(c));
    inContext[type] = digest(c => normalizer.normalizeString(`${c}\u0327\u0301${c}a\u0345${c}\u0323`));
  }
  for (const name of ['L', 'N', 'M', 'P', 'S', 'Z', 'C', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'Nd', 'Nl', 'No', 'Mn', 'Pc', 'Sc', 'Zs', 'Cf', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Latin', 'Greek', 'Cyrillic', 'Arabic', 'Hebrew', 'Thai', 'Devanagari']) {
    const normalizer = single({ normalizer: { type: 'Replace', pattern: { Regex: `\\p{${name}}` }, content: '' } }).getNormalizer();
    properties[name] = digest(c => (normalizer.normalizeString(c) === '' ? '1' : '0'));
  }
  for (const pattern of ['\\s', '\\d', '\\w', '\\h', '[\\w]', '[[:punct:]]', '[[:space:]]', '.']) {
    const normalizer = single({ normalizer: { type: 'Replace', pattern: { Regex: pattern }, content: '' } }).getNormalizer();
    sets[pattern] = digest(c => (normalizer.normalizeString(c) === '' ? '1' : '0'));
  }
  const cutters = {};
  for (const step of [{ type: 'Digits', individual_digits: true }, { type: 'Punctuation', behavior: 'Isolated' }, { type: 'WhitespaceSplit' }, { type: 'Whitespace' }]) {
    const cutter = single({ pre_tokenizer: step }).getPreTokenizer();
    cutters[step.type] = digest(c => cutter.preTokenizeString(`a${c}b`).map(piece => piece[0]).join('|'));
  }
  fs.writeFileSync(path.join(folder, 'unicode.json'), JSON.stringify({ library: 'tokenizers 0.23.2', normalizers, inContext, properties, sets, cutters }, null, 1) + '\n');
}

components().then(unicode);
