using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>
/// A text on its way to the model: characters, the pieces they are cut into, and, where asked for, which part of the
/// normalized text each character came from. Each step of a pre-tokenizer cuts the pieces further or rewrites them.
/// </summary>
internal sealed class PreTokenizedText
{
    private const int LargeLength = 1 << 20;

    private char[] _text = new char[256];
    private char[] _newText = new char[256];
    private (int Start, int End)[] _pieces = new (int, int)[64];
    private (int Start, int End)[] _newPieces = new (int, int)[64];
    private (int Start, int End)[] _origins = [];
    private (int Start, int End)[] _newOrigins = [];
    private int _length;
    private int _newLength;
    private int _newCount;
    private bool _keepsOrigins;

    /// <summary>What patterns may still do on the text that this is a part of.</summary>
    public PatternBudget Budget { get; } = new(0);

    /// <summary>The number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the text begins where the text that was given to the tokenizer does.</summary>
    public bool IsAtStart { get; private set; }

    /// <summary>So large that it should not stay in memory.</summary>
    public bool IsLarge => Math.Max(_text.Length, _newText.Length) > LargeLength || _pieces.Length > LargeLength;

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    public (int Start, int End) Piece(int index) => _pieces[index];

    /// <summary>Where a span of the text came from.</summary>
    public (int Start, int End) OriginOf(int start, int end) =>
        _keepsOrigins ? (_origins[start].Start, _origins[end - 1].End) : (start, end);

    /// <summary>Begins with one piece, a text that is not empty.</summary>
    public void Reset(ReadOnlySpan<char> text, bool isAtStart, bool keepOrigins)
    {
        Grow(ref _text, text.Length);
        text.CopyTo(_text);
        _length = text.Length;
        _pieces[0] = (0, text.Length);
        Count = 1;
        _newCount = _newLength = 0; // a step before may have thrown
        IsAtStart = isAtStart;
        _keepsOrigins = keepOrigins;
        if (!keepOrigins) return;
        Grow(ref _origins, text.Length);
        for (int i = 0; i < text.Length;)
        {
            // Halves of a pair have the origin of the whole.
            CodePoints.At(text, i, out int length);
            for (int end = i + length, start = i; i < end; i++) _origins[i] = (start, end);
        }
    }

    /// <summary>Adds a piece of the step in progress; an empty one is no piece.</summary>
    public void AddPiece(int start, int end)
    {
        if (start == end) return;
        if (_newCount == _newPieces.Length) Array.Resize(ref _newPieces, _newCount * 2);
        _newPieces[_newCount++] = (start, end);
    }

    /// <summary>The pieces added since take the place of the others.</summary>
    public void FinishCutting()
    {
        (_pieces, _newPieces) = (_newPieces, _pieces);
        (Count, _newCount) = (_newCount, 0);
    }

    /// <summary>The length of the new text so far.</summary>
    public int RewrittenLength => _newLength;

    /// <summary>The new text so far, to be changed in place.</summary>
    public Span<char> Rewritten => _newText.AsSpan(0, _newLength);

    /// <summary>Room at the end of the new text, whose characters come from these of the old one (none, at one place, for an addition).</summary>
    public Span<char> Rewrite(int length, int oldStart, int oldEnd)
    {
        int at = _newLength;
        _newLength += length;
        Grow(ref _newText, _newLength);
        if (_keepsOrigins)
        {
            Grow(ref _newOrigins, _newLength);
            (int Start, int End) origin = oldStart < oldEnd ? OriginOf(oldStart, oldEnd) : (_origins[oldStart].Start, _origins[oldStart].Start);
            _newOrigins.AsSpan(at, length).Fill(origin);
        }

        return _newText.AsSpan(at, length);
    }

    /// <summary>Puts a part of the old text at the end of the new one as it is.</summary>
    public void Copy(int start, int end)
    {
        int at = _newLength;
        _newLength += end - start;
        Grow(ref _newText, _newLength);
        _text.AsSpan(start, end - start).CopyTo(_newText.AsSpan(at));
        if (!_keepsOrigins) return;
        Grow(ref _newOrigins, _newLength);
        _origins.AsSpan(start, end - start).CopyTo(_newOrigins.AsSpan(at));
    }

    /// <summary>The text and the pieces made since take the place of the others.</summary>
    public void FinishRewriting()
    {
        (_text, _newText) = (_newText, _text);
        (_origins, _newOrigins) = (_newOrigins, _origins);
        (_length, _newLength) = (_newLength, 0);
        FinishCutting();
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length) Array.Resize(ref array, Math.Max(length, array.Length * 2));
    }
}
