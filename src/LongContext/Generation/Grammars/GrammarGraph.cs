namespace LongContext.Generation.Grammars;

/// <summary>
/// A grammar over bytes as a recursive transition network (Woods 1970), and the sets of places that texts reach in it, made when they are
/// first reached and kept: an automaton with a stack that is made deterministic as far as it is used.
/// </summary>
internal sealed class GrammarGraph
{
    /// <summary>Nodes of a grammar, at most.</summary>
    public const int MostNodes = 400_000;

    private const int MostPlaces = 16_384;
    private const int MostStates = 16_384;
    private const long MostMaskWords = 8 << 20;

    private readonly List<GrammarNode> nodes = [];
    private readonly Dictionary<(int Return, int Parent, bool Nests), GrammarStack> stacks = [];
    private readonly Dictionary<long[], GrammarState> states = new(PlacesComparer.Instance);
    private readonly HashSet<long> reached = [];
    private readonly List<(int Node, GrammarStack? Stack)> open = [];
    private int stackIds;
    private long maskWords;

    /// <summary>Rules that nest within one another, at most; deeper ones are not read.</summary>
    public int MaximumDepth { get; init; } = 64;

    /// <summary>The rule that reads any one character of a string; −1 for none.</summary>
    public int CharacterRule { get; set; } = -1;

    /// <summary>Makes a node.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public int Add(bool endsRule = false)
    {
        if (nodes.Count == MostNodes)
            throw new ArgumentException($"The schema makes a grammar of more than {MostNodes} nodes: give smaller repetitions (maxLength, maxItems, pattern) or fewer properties.");
        nodes.Add(new GrammarNode { EndsRule = endsRule });
        return nodes.Count - 1;
    }

    /// <summary>Reads one byte of a range.</summary>
    public void Byte(int from, byte first, byte last, int to) => nodes[from].Bytes.Add((first, last, to));

    /// <summary>Leads on without reading.</summary>
    public void Empty(int from, int to) => nodes[from].Empty.Add(to);

    /// <summary>Reads what a rule says.</summary>
    public void Call(int from, int rule, int to, bool nests = false) => nodes[from].Calls.Add((rule, to, nests));

    /// <summary>Reads bytes in turn.</summary>
    public void Text(int from, ReadOnlySpan<byte> text, int to)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int next = i == text.Length - 1 ? to : Add();
            Byte(from, text[i], text[i], next);
            from = next;
        }

        if (text.IsEmpty) Empty(from, to);
    }

    /// <summary>Reads one of some texts; what they have in common at their beginnings, once.</summary>
    public void Texts(int from, IEnumerable<byte[]> texts, int to)
    {
        var edges = new Dictionary<(int, byte), int>();
        var ended = new HashSet<int>();
        foreach (byte[] text in texts)
        {
            int at = from;
            foreach (byte value in text)
            {
                if (!edges.TryGetValue((at, value), out int next))
                {
                    edges[(at, value)] = next = Add();
                    Byte(at, value, value, next);
                }

                at = next;
            }

            if (ended.Add(at)) Empty(at, to);
        }
    }

    /// <summary>Says that so many characters of a string may follow a node, whatever they are.</summary>
    public void AllowFree(int node, int characters) => nodes[node].FreeCharacters = characters;

    /// <summary>How many characters of a string may follow a state, whatever they are.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isAll">Whether besides them only the closing quote may follow.</param>
    public int FreeCharacters(GrammarState state, out bool isAll)
    {
        int most = 0;
        isAll = true;
        foreach ((int node, GrammarStack? stack) in state.Places)
        {
            int here = nodes[node].FreeCharacters;
            if (node == CharacterRule && nodes[stack!.Return].FreeCharacters is var after) here = after == int.MaxValue ? after : after + 1;
            if (here == 0)
            {
                foreach ((byte first, byte last, int _) in nodes[node].Bytes) isAll &= first == '"' && last == '"';
            }

            most = Math.Max(most, here);
        }

        return most;
    }

    /// <summary>The state before anything is read.</summary>
    public GrammarState Start(int rule)
    {
        reached.Clear();
        open.Clear();
        Reach(rule, null);
        return Close();
    }

    /// <summary>The state after one more byte.</summary>
    /// <exception cref="NoTokenAllowedException">The grammar is so ambiguous that there are too many places.</exception>
    public GrammarState Step(GrammarState state, byte value)
    {
        if (state.Following?[value] is { } known) return known;
        if (state.Places.Length == 0) return GrammarState.None;
        reached.Clear();
        open.Clear();
        foreach ((int node, GrammarStack? stack) in state.Places)
        {
            foreach ((byte first, byte last, int target) in nodes[node].Bytes)
            {
                if (value >= first && value <= last) Reach(target, stack);
            }
        }

        GrammarState next = open.Count == 0 ? GrammarState.None : Close();
        (state.Following ??= new GrammarState?[256])[value] = next;
        return next;
    }

    /// <summary>The tokens that can follow a state: found once, and kept as long as there is room for all.</summary>
    public ulong[] Allowed(GrammarState state, TokenTrie trie)
    {
        if (state.Mask is { } known) return known;
        ulong[] mask = trie.Allowed(this, state);
        maskWords += mask.Length;
        if (maskWords > MostMaskWords)
        {
            foreach (GrammarState old in states.Values) old.Mask = null;
            maskWords = mask.Length;
        }

        return state.Mask = mask;
    }

    private void Reach(int node, GrammarStack? stack)
    {
        if (!reached.Add(((long)node << 32) | (uint)(stack?.Id ?? 0))) return;
        if (open.Count == MostPlaces)
            throw new NoTokenAllowedException($"The grammar is too ambiguous: a text may be at more than {MostPlaces} places of it. Make alternatives (anyOf, pattern) differ earlier.");
        open.Add((node, stack));
    }

    /// <summary>Follows what reads nothing, and finds the state of the places that read.</summary>
    private GrammarState Close()
    {
        bool isComplete = false;
        int kept = 0;
        for (int i = 0; i < open.Count; i++)
        {
            (int index, GrammarStack? stack) = open[i];
            GrammarNode node = nodes[index];
            if (node.EndsRule)
            {
                if (stack is null) isComplete = true;
                else Reach(stack.Return, stack.Parent);
            }

            foreach (int target in node.Empty) Reach(target, stack);
            foreach ((int rule, int next, bool nests) in node.Calls)
            {
                if (Push(next, stack, nests) is { } pushed) Reach(rule, pushed);
            }

            if (node.Bytes.Count > 0) kept++;
        }

        var places = new (int Node, GrammarStack? Stack)[kept];
        var key = new long[kept + 1];
        kept = 0;
        foreach ((int node, GrammarStack? stack) in open)
        {
            if (nodes[node].Bytes.Count > 0) places[kept++] = (node, stack);
        }

        Array.Sort(places, static (a, b) => a.Node != b.Node ? a.Node.CompareTo(b.Node) : (a.Stack?.Id ?? 0).CompareTo(b.Stack?.Id ?? 0));
        for (int i = 0; i < kept; i++) key[i] = ((long)places[i].Node << 32) | (uint)(places[i].Stack?.Id ?? 0);
        key[kept] = isComplete ? -1 : -2;
        if (states.TryGetValue(key, out GrammarState? known)) return known;
        // Memory stays bounded: what is in use stays alive by itself, the rest is made anew when it is met again.
        if (states.Count == MostStates)
        {
            foreach (GrammarState old in states.Values) (old.Following, old.Mask) = (null, null);
            states.Clear();
            // Stacks made again are other objects with other numbers: at worst a state is made twice.
            stacks.Clear();
            maskWords = 0;
        }

        var state = new GrammarState(places, isComplete);
        states.Add(key, state);
        return state;
    }

    private GrammarStack? Push(int next, GrammarStack? stack, bool nests)
    {
        int depth = (stack?.Depth ?? 0) + (nests ? 1 : 0);
        if (depth > MaximumDepth) return null;
        (int, int, bool) key = (next, stack?.Id ?? 0, nests);
        if (stacks.TryGetValue(key, out GrammarStack? known)) return known;
        var made = new GrammarStack(++stackIds, next, stack, depth);
        stacks.Add(key, made);
        return made;
    }

    private sealed class PlacesComparer : IEqualityComparer<long[]>
    {
        public static PlacesComparer Instance { get; } = new();

        public bool Equals(long[]? x, long[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(long[] key)
        {
            var hash = new HashCode();
            foreach (long value in key) hash.Add(value);
            return hash.ToHashCode();
        }
    }
}
