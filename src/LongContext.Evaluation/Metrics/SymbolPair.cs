namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Two sequences as small numbers, without what they share at both ends (which changes neither distance): the shorter one is the
/// pattern, and what occurs in it alone is numbered. A symbol of the text that the pattern lacks gets the number after the last.
/// </summary>
internal readonly struct SymbolPair
{
    private SymbolPair(int[] pattern, int[] text, int alphabetSize)
    {
        Pattern = pattern;
        Text = text;
        AlphabetSize = alphabetSize;
    }

    /// <summary>The shorter sequence, each symbol below <see cref="AlphabetSize"/>.</summary>
    public int[] Pattern { get; }

    /// <summary>The longer sequence; <see cref="AlphabetSize"/> stands for every symbol that the pattern lacks.</summary>
    public int[] Text { get; }

    /// <summary>Number of different symbols in the pattern.</summary>
    public int AlphabetSize { get; }

    public static SymbolPair Of<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T>
    {
        int prefix = first.CommonPrefixLength(second);
        first = first[prefix..];
        second = second[prefix..];
        int suffix = 0;
        while (suffix < first.Length && suffix < second.Length && first[^(suffix + 1)].Equals(second[^(suffix + 1)])) suffix++;
        first = first[..^suffix];
        second = second[..^suffix];

        ReadOnlySpan<T> shorter = first.Length <= second.Length ? first : second;
        ReadOnlySpan<T> longer = first.Length <= second.Length ? second : first;
        Dictionary<T, int> numbers = [];
        int[] pattern = new int[shorter.Length];
        for (int i = 0; i < pattern.Length; i++)
        {
            if (!numbers.TryGetValue(shorter[i], out pattern[i])) numbers[shorter[i]] = pattern[i] = numbers.Count;
        }

        int[] text = new int[longer.Length];
        for (int i = 0; i < text.Length; i++) text[i] = numbers.TryGetValue(longer[i], out int number) ? number : numbers.Count;
        return new SymbolPair(pattern, text, numbers.Count);
    }
}
