using System.Text;
using System.Text.Unicode;

namespace LongContext.Generation.Grammars;

/// <summary>The texts of a vocabulary as a tree of bytes in the order of a walk through it, so that what cannot follow is passed over whole.</summary>
internal sealed class TokenTrie
{
    /// <summary>Bytes of a token that is passed over where any characters may come.</summary>
    private const int LongestPlain = 32;

    private readonly byte[] values;
    private readonly byte[] depths;
    private readonly int[] ends;
    private readonly int[] firstTokens;
    private readonly int[] endingCounts;
    private readonly int[] tokens;
    private readonly bool[] isPlain;
    private readonly ulong[][] plainTokens;

    /// <summary>Makes the tree.</summary>
    /// <param name="texts">Bytes of each token; empty for one without text, which no grammar takes. Texts of more than 250 bytes are left out too.</param>
    public TokenTrie(IReadOnlyList<byte[]> texts)
    {
        const int longest = 250;
        Texts = texts;
        int[] order = [.. Enumerable.Range(0, texts.Count).Where(id => texts[id].Length is > 0 and <= longest)];
        Array.Sort(order, (a, b) => texts[a].AsSpan().SequenceCompareTo(texts[b]) is var comparison and not 0 ? comparison : a.CompareTo(b));
        List<byte> nodeValues = [], nodeDepths = [];
        List<int> nodeEnds = [], nodeTokens = [], nodeCounts = [];
        var path = new int[longest + 1];
        byte[] before = [];
        for (int i = 0; i < order.Length; i++)
        {
            byte[] text = texts[order[i]];
            int common = before.AsSpan().CommonPrefixLength(text);
            for (int depth = common; depth < before.Length; depth++) nodeEnds[path[depth]] = nodeValues.Count;
            for (int depth = common; depth < text.Length; depth++)
            {
                path[depth] = nodeValues.Count;
                nodeValues.Add(text[depth]);
                nodeDepths.Add((byte)depth);
                nodeEnds.Add(0);
                nodeTokens.Add(i);
                nodeCounts.Add(0);
            }

            nodeCounts[path[text.Length - 1]]++;

            before = text;
            LongestText = Math.Max(LongestText, text.Length);
        }

        for (int depth = 0; depth < before.Length; depth++) nodeEnds[path[depth]] = nodeValues.Count;
        (values, depths, ends) = ([.. nodeValues], [.. nodeDepths], [.. nodeEnds]);
        (firstTokens, endingCounts, tokens) = ([.. nodeTokens, order.Length], [.. nodeCounts], order);

        plainTokens = new ulong[LongestPlain + 1][];
        for (int length = 0; length <= LongestPlain; length++) plainTokens[length] = new ulong[(texts.Count + 63) / 64];
        foreach (int token in order)
        {
            if (!IsPlain(texts[token])) continue;
            for (int length = Encoding.UTF8.GetCharCount(texts[token]) - Pairs(texts[token]); length <= LongestPlain; length++) plainTokens[length][token >> 6] |= 1UL << token;
        }

        isPlain = new bool[values.Length];
        for (int node = 0; node < values.Length; node++)
        {
            ReadOnlySpan<int> through = order.AsSpan(firstTokens[node]..firstTokens[ends[node]]);
            isPlain[node] = true;
            foreach (int token in through)
            {
                if (isPlain[node] = (plainTokens[LongestPlain][token >> 6] & (1UL << token)) != 0) continue;
                break;
            }
        }
    }

    /// <summary>Bytes of each token.</summary>
    public IReadOnlyList<byte[]> Texts { get; }

    /// <summary>Bytes of the longest text in the tree.</summary>
    public int LongestText { get; }

    /// <summary>Sets the bits of the tokens that can follow a state.</summary>
    public ulong[] Allowed(GrammarGraph graph, GrammarState state)
    {
        // Inside a string most tokens may come, and need not be walked: those that are whole characters without quotes and escapes.
        int free = graph.FreeCharacters(state, out bool isAll);
        bool isFree = free >= LongestPlain || (free > 0 && isAll);
        ulong[] allowed = isFree ? (ulong[])plainTokens[Math.Min(free, LongestPlain)].Clone() : new ulong[plainTokens[0].Length];
        var path = new GrammarState[LongestText + 1];
        path[0] = state;
        for (int node = 0; node < values.Length;)
        {
            if (isFree && isPlain[node])
            {
                node = ends[node];
                continue;
            }

            int depth = depths[node];
            GrammarState next = graph.Step(path[depth], values[node]);
            if (ReferenceEquals(next, GrammarState.None))
            {
                node = ends[node];
                continue;
            }

            path[depth + 1] = next;
            // Of the tokens that go through a node those that end there come first, being the shortest.
            foreach (int token in tokens.AsSpan(firstTokens[node], endingCounts[node])) allowed[token >> 6] |= 1UL << token;
            node++;
        }

        return allowed;
    }

    /// <summary>Characters that .NET spells by two.</summary>
    private static int Pairs(ReadOnlySpan<byte> text)
    {
        int pairs = 0;
        foreach (byte value in text) pairs += value >= 0xF0 ? 1 : 0;
        return pairs;
    }

    private static bool IsPlain(ReadOnlySpan<byte> text) =>
        text.Length <= LongestPlain && Utf8.IsValid(text) && !text.ContainsAny((byte)'"', (byte)'\\') && !text.ContainsAnyInRange((byte)0, (byte)0x1F);
}
