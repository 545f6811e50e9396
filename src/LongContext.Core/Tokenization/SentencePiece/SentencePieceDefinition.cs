using LongContext.Tokenization.Decoders;
using LongContext.Tokenization.Models;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.PostProcessors;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization.SentencePiece;

/// <summary>
/// Makes of a tokenizer.model what transformers makes of it: the same parts that its tokenizer.json would name, byte fallback
/// and all, with control and user-defined symbols as added tokens.
/// </summary>
internal static class SentencePieceDefinition
{
    private const char Blank = '▁';

    public static TokenizerDefinition Build(string file, SentencePieceModel model, SentencePieceConfig config)
    {
        Vocabulary vocabulary = ReadVocabulary(file, model);
        List<AddedToken> added = AddedTokens(model, config);
        string?[] tokens = TokenTable.Build(vocabulary, added, message => new InvalidDataException($"{file}: {message}."));
        bool prefixes = config.AddsPrefixSpace ?? model.AddsDummyPrefix;
        bool metaspace = prefixes && !config.IsLegacy;
        return new TokenizerDefinition
        {
            Normalizer = Normalizer(model, prefixes && config.IsLegacy, replaces: !metaspace),
            PreTokenizer = metaspace ? new MetaspacePreTokenizer(Blank, prepend: true, onlyAtStart: true, cuts: false) : null,
            Model = Bpe(model, vocabulary),
            PostProcessor = PostProcessor(file, model, config, vocabulary),
            Decoder = Decoder(prefixes),
            AddedTokens = added,
            Tokens = tokens,
            Scores = [.. model.Pieces.Select(piece => piece.Score), .. new float[tokens.Length - model.Pieces.Count]],
            Names = new SpecialTokenNames(
                model.BeginningOfSentence, model.EndOfSentence, model.Pieces.FirstOrDefault(piece => piece.Kind == PieceKind.Unknown).Text, model.Padding),
        };
    }

    private static Vocabulary ReadVocabulary(string file, SentencePieceModel model)
    {
        var ids = new Dictionary<string, int>(model.Pieces.Count, StringComparer.Ordinal);
        foreach ((string text, _, _) in model.Pieces)
        {
            if (!ids.TryAdd(text, ids.Count)) throw new InvalidDataException($"{file}: the piece \"{text}\" stands there twice, as {ids[text]} and {ids.Count}.");
        }

        return new Vocabulary(ids);
    }

    private static List<AddedToken> AddedTokens(SentencePieceModel model, SentencePieceConfig config)
    {
        var added = new SortedDictionary<int, AddedToken>();
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            (string text, _, PieceKind kind) = model.Pieces[id];
            if (kind is PieceKind.Control or PieceKind.Unknown or PieceKind.UserDefined)
                added[id] = new AddedToken(id, text) { Special = kind != PieceKind.UserDefined };
        }

        foreach (AddedToken token in config.AddedTokens) added[token.Id] = token;
        return [.. added.Values];
    }

    private static SequenceNormalizer Normalizer(SentencePieceModel model, bool prefixes, bool replaces)
    {
        var steps = new List<TextNormalizer>();
        if (model.RemovesExtraBlanks) steps.Add(new ExtraBlanksNormalizer());
        if (prefixes) steps.Add(new PrependNormalizer(Blank.ToString()));
        if (replaces) steps.Add(new ReplaceNormalizer(TextReplacement.Of(" ", Blank.ToString())));
        return new SequenceNormalizer([.. steps]);
    }

    private static BpeModel Bpe(SentencePieceModel model, Vocabulary vocabulary)
    {
        (string? unknown, _, _) = model.Pieces.FirstOrDefault(piece => piece.Kind == PieceKind.Unknown);
        var settings = new BpeSettings
        {
            UnknownToken = unknown,
            UnknownId = unknown is not null && vocabulary.TryGetId(unknown, out int id) ? id : BpeSettings.None,
            FuseUnknown = true,
            ByteIds = model.HasByteFallback ? BpeSettings.FindByteIds(vocabulary) : null,
        };
        (int Left, int Right, int Merged)[] merges = [.. SentencePieceMerges.Of(model)];
        var builder = new BpeMergesBuilder(vocabulary, settings);
        var table = new BpeMerges(merges.Length);
        foreach ((int left, int right, int merged) in merges) builder.Add(left, model.Pieces[left].Text, right, model.Pieces[right].Text, merged, table);
        return new BpeModel(vocabulary, settings, table, builder.Joinable);
    }

    private static TemplatePostProcessor PostProcessor(string file, SentencePieceModel model, SentencePieceConfig config, Vocabulary vocabulary)
    {
        // Without a word on it a text begins with the token, where the model has one, and does not end with one.
        int[] begin = config.AddsBeginning ?? model.BeginningOfSentence is not null ? [Id("add_bos_token", model.BeginningOfSentence)] : [];
        int[] end = config.AddsEnd ? [Id("add_eos_token", model.EndOfSentence)] : [];
        return new TemplatePostProcessor(begin, end);

        int Id(string flag, string? token) =>
            token is not null && vocabulary.TryGetId(token, out int id)
                ? id
                : throw new InvalidDataException($"{file}: the model has no such token as \"{flag}\" of tokenizer_config.json asks for.");
    }

    private static SequenceDecoder Decoder(bool prefixes)
    {
        List<TokenDecoder> steps = [new ReplaceDecoder(TextReplacement.Of(Blank.ToString(), " ")), new ByteFallbackDecoder(), new FuseDecoder()];
        if (prefixes) steps.Add(new StripDecoder(' ', start: 1, stop: 0));
        return new SequenceDecoder([.. steps]);
    }
}
