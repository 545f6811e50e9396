using LongContext.Checkpoints;
using LongContext.Tokenization.Patterns;
using Microsoft.ML.Tokenizers;

namespace LongContext.Tokenization;

/// <summary>
/// The tokenizer of a Hugging Face folder (tokenizer.json or tokenizer.model and, where there is one, tokenizer_config.json),
/// with the same ids and the same decoded text as Hugging Face's own. Safe for use by several threads.
/// </summary>
/// <remarks>
/// <para>Known components: the models BPE and WordLevel; the normalizers NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents,
/// Nmt, Prepend, Replace and ByteLevel; the pre-tokenizers ByteLevel, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, Metaspace,
/// BertPreTokenizer and CharDelimiterSplit; the post-processors TemplateProcessing, ByteLevel, RobertaProcessing and
/// BertProcessing; the decoders ByteLevel, Metaspace, BPEDecoder, Replace, ByteFallback, Fuse and Strip; sequences of them; added tokens.
/// Any other component is refused by name. The file's truncation and padding are left alone, as there is no padding in this
/// library.</para>
/// <para>Of tokenizer.model (SentencePiece) the type BPE is read, with byte fallback, control and user-defined symbols and
/// without a normalization map, and taken as transformers takes it; "add_bos_token", "add_eos_token", "legacy" and
/// "add_prefix_space" of tokenizer_config.json then count.</para>
/// <para>The methods of the base class (<c>EncodeToIds</c>, <c>EncodeToTokens</c>, <c>CountTokens</c>) add no special tokens;
/// <see cref="Encode(string, bool)"/> does. Special tokens that stand in the text are recognised by all of them. Offsets and
/// character counts refer to the normalized text that these methods give back, or to the text itself where that is null.
/// Half a surrogate pair counts as U+FFFD.</para>
/// </remarks>
public sealed partial class HuggingFaceTokenizer : Tokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly AddedTokenMatcher _rawMatcher;
    private readonly AddedTokenMatcher _normalizedMatcher;
    private readonly Dictionary<string, int> _addedIds;
    private readonly HashSet<int> _specialIds;
    private readonly string?[] _decodedTokens;
    private readonly HashSet<int> _skippedIds;
    private readonly TokenizerFiles _files;
    private readonly Lazy<TokenizerVocabulary> _vocabulary;
    private readonly Lazy<string> _fingerprint;

    private HuggingFaceTokenizer(TokenizerFiles files)
    {
        _definition = files.ReadDefinition();
        _files = files;
        _fingerprint = new(files.FindFingerprint);
        _vocabulary = new(() => new TokenizerVocabulary(_definition));
        IReadOnlyList<AddedToken> added = _definition.AddedTokens;
        _rawMatcher = new AddedTokenMatcher(added.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _normalizedMatcher = new AddedTokenMatcher(added.Where(token => token.Normalized).Select(token => (NormalizedContent(files.VocabularyPath, token), token)));
        _addedIds = added.ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        _specialIds = [.. added.Where(token => token.Special).Select(token => token.Id)];

        // A token that is looked for in normalized text is decoded from its normalized form; it is then no longer the text
        // that is known as special.
        _decodedTokens = [.. _definition.Tokens];
        foreach (AddedToken token in added.Where(token => token.Normalized)) _decodedTokens[token.Id] = Normalize(token.Content);
        _skippedIds = [.. added.Where(token => token.Special && _decodedTokens[token.Id] == token.Content).Select(token => token.Id)];

        SpecialTokenNames names = files.ReadNames(token => TryGetTokenId(token, out _));
        BeginningOfSentenceToken = names.BeginningOfSentence ?? _definition.Names.BeginningOfSentence;
        EndOfSentenceToken = names.EndOfSentence ?? _definition.Names.EndOfSentence;
        UnknownToken = names.Unknown ?? _definition.Model.UnknownToken;
        PaddingId = IdOf(names.Padding ?? _definition.Names.Padding);
    }

    /// <summary>The token that begins a text ("bos_token" of tokenizer_config.json), or null.</summary>
    public string? BeginningOfSentenceToken { get; }

    /// <summary>The id of <see cref="BeginningOfSentenceToken"/>, or null.</summary>
    public int? BeginningOfSentenceId => IdOf(BeginningOfSentenceToken);

    /// <summary>The token that ends a text ("eos_token" of tokenizer_config.json), or null.</summary>
    public string? EndOfSentenceToken { get; }

    /// <summary>The id of <see cref="EndOfSentenceToken"/>, or null.</summary>
    public int? EndOfSentenceId => IdOf(EndOfSentenceToken);

    /// <summary>The token for what the vocabulary lacks ("unk_token" of tokenizer_config.json, else the model's), or null.</summary>
    public string? UnknownToken { get; }

    /// <summary>The parts it is made of, for writing it in another format.</summary>
    internal TokenizerDefinition Definition => _definition;

    /// <summary>The file that complaints about the vocabulary name.</summary>
    internal string VocabularyFile => _files.VocabularyPath;

    /// <summary>The id of "pad_token" of tokenizer_config.json, or null.</summary>
    internal int? PaddingId { get; }

    /// <summary>The number of ids, those of added tokens included; they run from 0 to one less. A few may be unused.</summary>
    public int VocabularySize => _definition.Tokens.Length;

    /// <summary>Tells this tokenizer from others: SHA-256 over its files, 64 hexadecimal digits. The same files give the same one anywhere.</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>The vocabulary with what the file says about it, for writing it in another format.</summary>
    public TokenizerVocabulary Vocabulary => _vocabulary.Value;

    /// <summary>
    /// Reads a folder's tokenizer.json, or where there is none its tokenizer.model, and, where there is one,
    /// tokenizer_config.json (beside a tokenizer.model also added_tokens.json).
    /// </summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <exception cref="ArgumentException"><paramref name="folder"/> is empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">The folder has neither of the two.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or contradicts itself; the message names file and field.</exception>
    /// <exception cref="NotSupportedException">The file has a component that is not known here; the message names it.</exception>
    public static HuggingFaceTokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ModelFolder.Require(folder);
        return new HuggingFaceTokenizer(TokenizerFiles.Load(folder));
    }

    /// <summary>Makes a tokenizer whose tokens are whole words, for small models trained from scratch.</summary>
    /// <param name="vocabulary">The words in the order of their ids, the special tokens among them.</param>
    /// <param name="unknownToken">The word of the vocabulary that stands for all others.</param>
    /// <param name="beginningOfSentenceToken">The word that <see cref="Encode(string, bool)"/> puts first, or null for none.</param>
    /// <param name="endOfSentenceToken">The word that a model ends its text with, or null for none; it is not added to encoded texts.</param>
    /// <exception cref="ArgumentException">A word is empty, has white space in it or stands there twice, or a special token is not among the words.</exception>
    public static HuggingFaceTokenizer CreateWordLevel(
        IReadOnlyList<string> vocabulary, string unknownToken, string? beginningOfSentenceToken, string? endOfSentenceToken)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentException.ThrowIfNullOrEmpty(unknownToken);
        var files = new WordLevelFiles(vocabulary, unknownToken, beginningOfSentenceToken, endOfSentenceToken);
        return new HuggingFaceTokenizer(TokenizerFiles.OfJson(files.TokenizerJson(), files.ConfigJson()));
    }

    /// <summary>Writes the files that it was loaded or made from as they were, each in one step.</summary>
    /// <param name="folder">Where to; made if it is not there. Files of these names are replaced.</param>
    /// <exception cref="ArgumentException"><paramref name="folder"/> is empty.</exception>
    /// <exception cref="IOException">A file could not be written; the one that was there before is still whole.</exception>
    public void Save(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _files.Save(folder);
    }

    /// <summary>Looks a token up by its text.</summary>
    /// <param name="token">The token as the vocabulary spells it, for example "&lt;s&gt;" or "▁the".</param>
    /// <param name="id">Its id; 0 where there is none.</param>
    /// <returns>Whether there is such a token.</returns>
    public bool TryGetTokenId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _addedIds.TryGetValue(token, out id) || _definition.Model.Vocabulary.TryGetId(token, out id);
    }

    /// <summary>The text of a token as the vocabulary spells it.</summary>
    /// <param name="id">From 0 to <see cref="VocabularySize"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string GetToken(int id)
    {
        if ((uint)id >= (uint)VocabularySize)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"Expected an id from 0 to {VocabularySize - 1}.");
        return _definition.Tokens[id] ?? throw new ArgumentOutOfRangeException(nameof(id), id, "No token has this id.");
    }

    /// <summary>Whether the token is marked as special, so that decoding can leave it out.</summary>
    /// <param name="id">A token's id; one that does not exist is not special.</param>
    public bool IsSpecialToken(int id) => _specialIds.Contains(id);

    private string NormalizedContent(string file, AddedToken token) =>
        Normalize(token.Content) is { Length: > 0 } text
            ? text
            : throw new InvalidDataException($"{file}: added_tokens: the token \"{token.Content}\" is an empty string once normalized.");

    private int? IdOf(string? token) => token is not null && TryGetTokenId(token, out int id) ? id : null;

    private string Normalize(string text) => _definition.Normalizer?.Normalize(text) ?? text;

    private string Normalize(string text, PatternBudget budget) => _definition.Normalizer?.Normalize(text, budget) ?? text;
}
