namespace LongContext.Tokenization.Models;

/// <summary>Takes merges in the order of their ranks and finds the ids of what they join.</summary>
internal sealed class BpeMergesBuilder
{
    private readonly Vocabulary _vocabulary;
    private readonly int _prefixLength;
    private readonly HashSet<int> _notCharacters;
    private char[] _merged = new char[64];

    public BpeMergesBuilder(Vocabulary vocabulary, BpeSettings settings)
    {
        _vocabulary = vocabulary;
        _prefixLength = settings.ContinuingPrefix.Length;
        _notCharacters = [.. settings.ByteIds ?? []];
        if (settings.UnknownId >= 0) _notCharacters.Add(settings.UnknownId);
    }

    /// <summary>The characters that the merges bring together.</summary>
    public JoinableCharacters Joinable { get; } = new();

    /// <summary>How many merges there are so far: the rank of the next.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a merge; returns the piece that the vocabulary lacks, or null when all is well.</summary>
    public string? TryAdd(ReadOnlySpan<char> left, ReadOnlySpan<char> right, BpeMerges merges)
    {
        if (!_vocabulary.TryGetId(left, out int leftId)) return left.ToString();
        if (!_vocabulary.TryGetId(right, out int rightId)) return right.ToString();
        ReadOnlySpan<char> merged = Join(left, right);
        if (!_vocabulary.TryGetId(merged, out int mergedId)) return merged.ToString();

        Add(leftId, left, rightId, right, mergedId, merges);
        return null;
    }

    /// <summary>Adds a merge of pieces whose ids are known.</summary>
    public void Add(int leftId, ReadOnlySpan<char> left, int rightId, ReadOnlySpan<char> right, int mergedId, BpeMerges merges)
    {
        merges.Set(leftId, rightId, Count++, mergedId);
        Joinable.Add(left, right);
        if (_notCharacters.Contains(leftId) || _notCharacters.Contains(rightId)) Joinable.AddAll();
    }

    /// <summary>Left and right in one, less the prefix that right has as a piece inside a word.</summary>
    private ReadOnlySpan<char> Join(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        right = right[Math.Min(_prefixLength, right.Length)..];
        if (_merged.Length < left.Length + right.Length) _merged = new char[(left.Length + right.Length) * 2];
        left.CopyTo(_merged);
        right.CopyTo(_merged.AsSpan(left.Length));
        return _merged.AsSpan(0, left.Length + right.Length);
    }
}
