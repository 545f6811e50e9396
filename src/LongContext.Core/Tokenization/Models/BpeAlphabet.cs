using System.Text;

namespace LongContext.Tokenization.Models;

/// <summary>Spells words as the symbols that merging begins with: a piece, bytes, or the unknown token for each character.</summary>
internal sealed class BpeAlphabet
{
    private readonly Vocabulary _vocabulary;
    private readonly BpeSettings _settings;
    private readonly bool _hasAllBytes;
    private readonly int[] _basicPlane = new int[char.MaxValue + 1];
    private readonly Dictionary<int, int> _otherPlanes = [];

    public BpeAlphabet(Vocabulary vocabulary, BpeSettings settings)
    {
        _vocabulary = vocabulary;
        _settings = settings;
        _hasAllBytes = settings.ByteIds is { } bytes && Array.IndexOf(bytes, BpeSettings.None) < 0;
        Array.Fill(_basicPlane, BpeSettings.None);
        foreach ((string piece, int id) in vocabulary.Ids)
        {
            if (piece.Length is 0 or > 2 || !Rune.TryGetRuneAt(piece, 0, out Rune rune) || rune.Utf16SequenceLength != piece.Length) continue;
            if (rune.IsBmp) _basicPlane[rune.Value] = id;
            else _otherPlanes[rune.Value] = id;
        }
    }

    /// <summary>
    /// Whether a word may not be cut here for what the vocabulary lacks: unknown characters fuse, and where there is no
    /// unknown token they vanish and their neighbours meet. Where a symbol depends on its place in the word, nothing is cut.
    /// </summary>
    public bool HoldsOn(char left, char right) =>
        _settings.HasAffixes || (!_hasAllBytes && (_basicPlane[left] < 0 || _basicPlane[right] < 0));

    public void Spell(ReadOnlySpan<char> word, BpeSymbols symbols)
    {
        var unknown = new PendingUnknown(_settings, symbols);
        for (int i = 0; i < word.Length;)
        {
            Rune.DecodeFromUtf16(word[i..], out Rune rune, out int length);
            if (_settings.HasAffixes)
            {
                SpellWithAffixes(rune, i, i + length, word.Length, symbols, ref unknown);
            }
            else if ((rune.IsBmp ? _basicPlane[rune.Value] : _otherPlanes.GetValueOrDefault(rune.Value, BpeSettings.None)) is >= 0 and int id)
            {
                unknown.Flush();
                symbols.Add(id, i, i + length);
            }
            else if (!TrySpellBytes(rune.ToString(), i, i + length, symbols))
            {
                unknown.Add(i, i + length);
            }

            i += length;
        }

        unknown.Flush();
    }

    private void SpellWithAffixes(Rune rune, int start, int end, int wordLength, BpeSymbols symbols, ref PendingUnknown unknown)
    {
        string prefix = start > 0 ? _settings.ContinuingPrefix : "", suffix = end == wordLength ? _settings.EndSuffix : "";
        string piece = $"{prefix}{rune}{suffix}";
        if (_vocabulary.TryGetId(piece, out int id))
        {
            unknown.Flush();
            symbols.Add(id, start, end);
        }
        else if (!TrySpellBytes(piece, start, end, symbols))
        {
            unknown.Add(start, end);
        }
    }

    /// <summary>False without byte fallback, and where the vocabulary lacks one of the bytes.</summary>
    private bool TrySpellBytes(string piece, int start, int end, BpeSymbols symbols)
    {
        if (_settings.ByteIds is not { } ids) return false;
        byte[] utf8 = Encoding.UTF8.GetBytes(piece);
        if (!_hasAllBytes && utf8.Any(value => ids[value] == BpeSettings.None)) return false;
        foreach (byte value in utf8) symbols.Add(ids[value], start, end);
        return true;
    }

    /// <summary>
    /// An unknown token that waits for more to fuse with. As in Hugging Face's tokenizers bytes go by it: only a piece, another
    /// unknown character that does not fuse, or the word's end makes it a symbol.
    /// </summary>
    private struct PendingUnknown(BpeSettings settings, BpeSymbols symbols)
    {
        private int _start = -1;
        private int _end;

        public void Add(int start, int end)
        {
            if (settings.UnknownId == BpeSettings.None) return;
            if (_start >= 0 && !settings.FuseUnknown) Flush();
            if (_start < 0) _start = start;
            _end = end;
        }

        public void Flush()
        {
            if (_start >= 0) symbols.Add(settings.UnknownId, _start, _end);
            _start = -1;
        }
    }
}
