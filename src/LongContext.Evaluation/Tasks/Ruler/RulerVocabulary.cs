using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Words for cwe's lists: single ones in random order and, once they are used up, pairs with a hyphen.</summary>
internal sealed class RulerVocabulary
{
    private readonly string[] words;
    private readonly string[] first;
    private readonly string[] second;

    public RulerVocabulary(IReadOnlyList<string> own)
    {
        IsBuiltIn = own.Count == 0;
        // Some plain words are both a noun and an adjective.
        words = IsBuiltIn ? [.. PlainWords.All.Concat(PlainAdjectives.All).Distinct(StringComparer.Ordinal)] : [.. own];
        first = IsBuiltIn ? [.. PlainAdjectives.All] : words;
        second = IsBuiltIn ? [.. PlainWords.All] : words;
    }

    /// <summary>Whether the words are the library's own.</summary>
    public bool IsBuiltIn { get; }

    public string Identity => Settings.Text("words", 0, words, first.Length, second.Length);

    /// <summary>The most words that can be drawn.</summary>
    public int Count => (int)Math.Min(int.MaxValue / 2, words.Length + ((long)first.Length * second.Length / 2));

    /// <summary>All single words in an order of the seed's.</summary>
    public string[] Shuffled(ref SplitMix64 random)
    {
        string[] order = [.. words];
        random.Shuffle(order.AsSpan());
        return order;
    }

    /// <summary>Pairs of words, each once; at most half of all there are, so that drawing does not take long.</summary>
    public IEnumerable<string> Pairs(SplitMix64 random)
    {
        HashSet<string> taken = new(words, StringComparer.OrdinalIgnoreCase);
        for (int left = Count - words.Length; left > 0;)
        {
            string pair = first[random.NextInt(first.Length)] + "-" + second[random.NextInt(second.Length)];
            if (!taken.Add(pair)) continue;
            left--;
            yield return pair;
        }
    }
}
