using System.Text;

namespace LongContext.Tokenization.Models;

/// <summary>
/// Byte-pair encoding by ranked merges (Sennrich et al., 2016), on ids: each character becomes a symbol, then of all
/// neighbouring pairs the one with the lowest rank is joined, the leftmost first, until no pair is left.
/// </summary>
/// <remarks>
/// Two things make it fast and change no id. The text is cut first between characters that no merge can ever join
/// (<see cref="JoinableCharacters"/>): merges on either side of such a place do not see each other. What lies between is
/// short in ordinary text and comes again and again, so its tokens are remembered. A run that can join throughout, such as
/// a megabyte of one letter, still takes O(n log n).
/// </remarks>
internal sealed class BpeModel : TokenModel
{
    private const int LongestRemembered = 32;

    private readonly BpeSettings _settings;
    private readonly BpeMerges _merges;
    private readonly JoinableCharacters _joinable;
    private readonly int[] _basicPlane;
    private readonly Dictionary<int, int> _otherPlanes = [];
    private readonly int[]? _byteIds;
    private readonly BpeWordCache _cache = new();

    [ThreadStatic]
    private static BpeSymbols? t_symbols;

    public BpeModel(Vocabulary vocabulary, BpeSettings settings, BpeMerges merges, JoinableCharacters joinable)
        : base(vocabulary)
    {
        _settings = settings;
        _merges = merges;
        _joinable = joinable;
        _byteIds = settings.ByteIds;
        _basicPlane = new int[char.MaxValue + 1];
        Array.Fill(_basicPlane, -1);
        foreach ((string piece, int id) in vocabulary.Ids)
        {
            if (!Rune.TryGetRuneAt(piece.Length == 0 ? "\ud800" : piece, 0, out Rune rune) || rune.Utf16SequenceLength != piece.Length) continue;
            if (rune.IsBmp) _basicPlane[rune.Value] = id;
            else _otherPlanes[rune.Value] = id;
        }
    }

    public override string? UnknownToken => _settings.UnknownToken;

    public override string TypeName => "BPE";

    public override bool HasByteFallback => _byteIds is not null;

    public override bool IgnoresMerges => _settings.IgnoreMerges;

    public override IEnumerable<BpeMerge> MergesInOrder() => _merges.InOrder();

    public override void Encode(ReadOnlySpan<char> word, int origin, TokenBuffer output)
    {
        if (_settings.IgnoreMerges && Vocabulary.TryGetId(word, out int whole))
        {
            output.Add(whole, origin, origin + word.Length);
            return;
        }

        int start = 0;
        for (int i = 1; i < word.Length; i++)
        {
            if (MayJoin(word[i - 1], word[i])) continue;
            EncodePart(word[start..i], origin + start, output);
            start = i;
        }

        if (start < word.Length) EncodePart(word[start..], origin + start, output);
    }

    /// <summary>
    /// Without byte fallback an unknown character holds on to its neighbours: unknown ones fuse, and where there is no
    /// unknown token they vanish and their neighbours meet.
    /// </summary>
    private bool MayJoin(char left, char right) =>
        _joinable.MayJoin(left, right)
        || (_byteIds is null && (_basicPlane[left] < 0 || _basicPlane[right] < 0));

    private void EncodePart(ReadOnlySpan<char> part, int origin, TokenBuffer output)
    {
        if (part.Length == 1 && _basicPlane[part[0]] is >= 0 and int single)
        {
            output.Add(single, origin, origin + 1);
            return;
        }

        if (part.Length <= LongestRemembered && _cache.TryAppend(part, origin, output)) return;

        BpeSymbols symbols = t_symbols ??= new BpeSymbols();
        symbols.Clear();
        AddCharacters(part, symbols);
        symbols.Merge(_merges);
        symbols.AppendTo(output, origin);
        if (part.Length <= LongestRemembered) _cache.Remember(part, symbols);
        if (symbols.IsLarge) t_symbols = null;
    }

    private void AddCharacters(ReadOnlySpan<char> part, BpeSymbols symbols)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int unknownStart = -1;
        for (int i = 0; i < part.Length;)
        {
            Rune.DecodeFromUtf16(part[i..], out Rune rune, out int length);
            int id = rune.IsBmp ? _basicPlane[rune.Value] : _otherPlanes.GetValueOrDefault(rune.Value, -1);
            if (id >= 0 || _byteIds is not null || !_settings.FuseUnknown) FlushUnknown(i);
            if (id >= 0)
            {
                symbols.Add(id, i, i + length);
            }
            else if (_byteIds is not null)
            {
                int bytes = rune.EncodeToUtf8(utf8);
                foreach (byte value in utf8[..bytes]) symbols.Add(_byteIds[value], i, i + length);
            }
            else if (unknownStart < 0)
            {
                unknownStart = i;
            }

            i += length;
        }

        FlushUnknown(part.Length);

        void FlushUnknown(int end)
        {
            if (unknownStart >= 0 && _settings.UnknownId >= 0) symbols.Add(_settings.UnknownId, unknownStart, end);
            unknownStart = -1;
        }
    }
}
