namespace LongContext.Tokenization.Models;

/// <summary>
/// Byte-pair encoding by ranked merges (Sennrich et al., 2016), on ids: each character becomes a symbol, then of all
/// neighbouring pairs the one with the lowest rank is joined, the leftmost first, until no pair is left.
/// </summary>
/// <remarks>
/// Two things make it fast and change no id. The tokens of short words are remembered. A long word is cut first between
/// characters that no merge can ever join (<see cref="JoinableCharacters"/>): merges on either side of such a place do not see
/// each other, and what lies between is short in ordinary text. A run that can join throughout, such as a megabyte of one
/// letter, still takes O(n log n).
/// </remarks>
internal sealed class BpeModel : TokenModel
{
    private readonly BpeSettings _settings;
    private readonly BpeMerges _merges;
    private readonly JoinableCharacters _joinable;
    private readonly BpeAlphabet _alphabet;
    private readonly BpeWordCache _words = new();
    private readonly BpeWordCache _parts;

    [ThreadStatic]
    private static BpeSymbols? t_symbols;

    public BpeModel(Vocabulary vocabulary, BpeSettings settings, BpeMerges merges, JoinableCharacters joinable)
        : base(vocabulary)
    {
        _settings = settings;
        _merges = merges;
        _joinable = joinable;
        _alphabet = new BpeAlphabet(vocabulary, settings);

        // With ignore_merges a part that looks like a word may have other tokens than the word.
        _parts = settings.IgnoreMerges ? new BpeWordCache() : _words;
    }

    public BpeSettings Settings => _settings;

    public override string? UnknownToken => _settings.UnknownToken;

    public override string TypeName => "BPE";

    public override bool HasByteFallback => _settings.ByteIds is not null;

    public override bool IgnoresMerges => _settings.IgnoreMerges;

    public override IEnumerable<BpeMerge> MergesInOrder() => _merges.InOrder();

    public override void Encode(ReadOnlySpan<char> word, int origin, TokenBuffer output)
    {
        bool isShort = word.Length <= BpeWordCache.LongestWord;
        if (isShort && _words.TryAppend(word, origin, output)) return;
        if (_settings.IgnoreMerges && Vocabulary.TryGetId(word, out int whole))
        {
            if (isShort) RememberWhole(word, whole);
            output.Add(whole, origin, origin + word.Length);
            return;
        }

        if (isShort)
        {
            Merge(word, origin, _words, output);
            return;
        }

        int start = 0;
        for (int i = 1; i < word.Length; i++)
        {
            if (_joinable.MayJoin(word[i - 1], word[i]) || _alphabet.HoldsOn(word[i - 1], word[i])) continue;
            EncodePart(word[start..i], origin + start, output);
            start = i;
        }

        EncodePart(word[start..], origin + start, output);
    }

    private void EncodePart(ReadOnlySpan<char> part, int origin, TokenBuffer output)
    {
        if (part.Length > BpeWordCache.LongestWord || !_parts.TryAppend(part, origin, output)) Merge(part, origin, _parts, output);
    }

    private void Merge(ReadOnlySpan<char> word, int origin, BpeWordCache cache, TokenBuffer output)
    {
        BpeSymbols symbols = t_symbols ??= new BpeSymbols();
        symbols.Clear();
        symbols.Reserve(word.Length);
        _alphabet.Spell(word, symbols);
        symbols.Merge(_merges);
        symbols.AppendTo(output, origin);
        if (word.Length <= BpeWordCache.LongestWord) cache.Remember(word, symbols);
        if (symbols.IsLarge) t_symbols = null;
    }

    private void RememberWhole(ReadOnlySpan<char> word, int id)
    {
        BpeSymbols symbols = t_symbols ??= new BpeSymbols();
        symbols.Clear();
        symbols.Add(id, 0, word.Length);
        symbols.Merge(_merges);
        _words.Remember(word, symbols);
    }
}
