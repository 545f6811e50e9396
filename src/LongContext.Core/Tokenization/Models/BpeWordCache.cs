using System.Collections.Concurrent;

namespace LongContext.Tokenization.Models;

/// <summary>Tokens of the short parts seen so far, for any number of threads. Starts afresh when it is full.</summary>
internal sealed class BpeWordCache
{
    private const int Capacity = 1 << 16;

    private readonly ConcurrentDictionary<string, (int Id, int Start, int End)[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (int Id, int Start, int End)[]>.AlternateLookup<ReadOnlySpan<char>> _wordsBySpan;
    private int _count;

    public BpeWordCache() => _wordsBySpan = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    public bool TryAppend(ReadOnlySpan<char> word, int origin, TokenBuffer output)
    {
        if (!_wordsBySpan.TryGetValue(word, out (int Id, int Start, int End)[]? tokens)) return false;
        foreach ((int id, int start, int end) in tokens) output.Add(id, origin + start, origin + end);
        return true;
    }

    public void Remember(ReadOnlySpan<char> word, BpeSymbols symbols)
    {
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            _words.Clear();
            Volatile.Write(ref _count, 1);
        }

        _wordsBySpan.TryAdd(word, symbols.ToArray());
    }
}
