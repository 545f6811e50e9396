using LongContext.Generation.Running;

namespace LongContext.Generation.Scheduling;

/// <summary>How much of a cache sequences need.</summary>
internal sealed class CacheNeeds(IReadOnlyList<CacheGroup> groups, int pageTokens)
{
    /// <summary>Bytes of a page in all groups.</summary>
    public long PageBytes => groups.Sum(group => group.PageBytes);

    /// <summary>Bytes for a sequence of some tokens that goes through the model in chunks.</summary>
    /// <param name="tokens">Tokens with keys and values.</param>
    /// <param name="chunk">Tokens of a step, at most; 1 for the least that works.</param>
    /// <param name="dropped">Tokens of the prompt that layers without a window hold no more.</param>
    /// <param name="sinks">Sinks and window of the sequence; null where it sees everything.</param>
    public long Bytes(long tokens, int chunk = 1, AttentionSinks? sinks = null, int dropped = 0)
    {
        long bytes = 0;
        for (int group = 0; group < groups.Count; group++)
        {
            long pages = Pages(tokens);
            if (groups[group].Window is { } window)
            {
                // Of any run of n tokens, pages hold the first's end, whole ones, and the last's beginning.
                pages = Math.Min(pages, Pages((long)window + chunk - 2) + 1);
            }
            else if (dropped > 0)
            {
                pages = Pages(tokens - dropped);
            }
            else if (sinks is not null)
            {
                pages = Math.Min(pages, Pages((long)sinks.Window + chunk - 2) + 1 + Pages(sinks.Sinks));
            }

            bytes += pages * groups[group].PageBytes;
        }

        return bytes;
    }

    /// <summary>The longest sequence that fits into a number of bytes by itself.</summary>
    public int LongestSequence(long bytes, AttentionSinks? sinks = null) => Longest(bytes, tokens => Bytes(tokens, 1, sinks));

    /// <summary>The largest number of tokens whose need, which grows with it, is within some bytes.</summary>
    public static int Longest(long bytes, Func<long, long> needed)
    {
        long low = 0, high = int.MaxValue / 2;
        while (low < high)
        {
            long middle = low + ((high - low + 1) / 2);
            if (needed(middle) <= bytes) low = middle;
            else high = middle - 1;
        }

        return (int)low;
    }

    /// <summary>Bytes while a prompt is chosen from: all of it beside what is kept of it, its last tokens in one step.</summary>
    public long BytesToChoose(long prompt, PromptSelection selection) => Bytes(prompt + selection.MaximumTokens + pageTokens, selection.ObservedTokens);

    /// <summary>The longest sequence of a prompt that is chosen from, or where the prompt does not fit, the longest prompt that does.</summary>
    public int LongestSequence(long bytes, int prompt, PromptSelection selection)
    {
        if (BytesToChoose(prompt, selection) <= bytes) return Longest(bytes, tokens => Bytes(tokens, 1, null, prompt - selection.MaximumTokens));
        // A prompt that is kept whole needs no place for what is kept of it.
        return Math.Max(Longest(bytes, tokens => BytesToChoose(tokens, selection)), Math.Min(selection.MaximumTokens, LongestSequence(bytes)));
    }

    private long Pages(long tokens) => (Math.Max(0, tokens) + pageTokens - 1) / pageTokens;
}
