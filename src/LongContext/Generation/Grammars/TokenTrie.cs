namespace LongContext.Generation.Grammars;

/// <summary>The texts of a vocabulary as a tree of bytes in the order of a walk through it, so that what cannot follow is passed over whole.</summary>
internal sealed class TokenTrie
{
    /// <summary>Classes of characters whose tokens are remembered for other grammars.</summary>
    private const int MostClasses = 16;

    private readonly byte[] values;
    private readonly byte[] depths;
    private readonly int[] ends;
    private readonly int[] firstTokens;
    private readonly int[] endingCounts;
    private readonly int[] tokens;
    private readonly Dictionary<string, ClassTokens> classes = new(StringComparer.Ordinal);

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
    }

    /// <summary>Bytes of each token.</summary>
    public IReadOnlyList<byte[]> Texts { get; }

    /// <summary>Bytes of the longest text in the tree.</summary>
    public int LongestText { get; }

    /// <summary>Numbers of 64 bits that have one for each token.</summary>
    public int MaskWords => (Texts.Count + 63) / 64;

    /// <summary>The tokens that are whole characters of a class; safe for use by several threads.</summary>
    public ClassTokens Of(IReadOnlyList<(int First, int Last)> set)
    {
        string key = string.Join(',', set);
        lock (classes)
        {
            if (classes.TryGetValue(key, out ClassTokens? known)) return known;
        }

        var made = new ClassTokens(Texts, tokens, node => firstTokens[node]..firstTokens[ends[node]], values.Length, set);
        lock (classes)
        {
            if (classes.Count == MostClasses) classes.Clear();
            return classes[key] = made;
        }
    }

    /// <summary>Sets the bits of the tokens that can follow a state.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="state">Where the text is.</param>
    /// <param name="most">What the grammar may have spent in the end.</param>
    /// <returns>Null where that was not enough.</returns>
    public ulong[]? Allowed(GrammarGraph graph, GrammarState state, long most = long.MaxValue)
    {
        // Inside a string most tokens may come, and need not be walked: those that are so many characters of its class.
        int free = Math.Min(graph.FreeCharacters(state, out int characterClass), ClassTokens.LongestText);
        ClassTokens? plain = free > 0 ? Of(graph.Classes[characterClass]) : null;
        ulong[] allowed = plain is null ? new ulong[MaskWords] : (ulong[])plain.UpTo(free).Clone();
        var path = new GrammarState[LongestText + 1];
        path[0] = state;
        for (int node = 0; node < values.Length;)
        {
            if (plain is not null && plain.AreWithin(node, free))
            {
                node = ends[node];
                continue;
            }

            int depth = depths[node];
            graph.Spend(1);
            if (graph.Spent > most) return null;
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
}
