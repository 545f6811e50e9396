using System.Runtime.InteropServices;

namespace LongContext.Generation.Grammars;

/// <summary>
/// A grammar over bytes as a recursive transition network (Woods 1970), and the sets of places that texts reach in it, made when they are
/// first reached and kept: an automaton with a stack that is made deterministic as far as it is used.
/// </summary>
internal sealed partial class GrammarGraph
{
    /// <summary>Nodes of a grammar, at most.</summary>
    public const int MostNodes = 400_000;

    /// <summary>Edges of a grammar, at most: ten for each node, far more than characters and their escapes make.</summary>
    public const int MostEdges = 4_000_000;

    private const int MostPlaces = 16_384;
    private const int MostStates = 16_384;

    /// <summary>Places that states may have together, about 24 bytes each; a table of following states counts as many as it takes memory.</summary>
    private const long MostStored = 4 << 20;
    private const int TablePlaces = 96;
    private const long BytesOfNode = 80, BytesOfEdge = 24, BytesOfPlace = 24, BytesOfStack = 120;
    private const int MostStacks = 1 << 18;

    /// <summary>Classes of characters that tables of tokens are made for, "any" among them.</summary>
    private const int MostClasses = 4;

    private readonly List<GrammarNode> nodes = [];
    private readonly Dictionary<(int Return, int Parent, bool Nests), GrammarStack> stacks = [];
    private readonly Dictionary<long[], GrammarState> states = new(PlacesComparer.Instance);
    private readonly HashSet<long> reached = [];
    private (int Round, int Stack)[] firstReached = [];
    private int round;
    private readonly List<(int Node, GrammarStack? Stack)> open = [];
    private readonly Dictionary<string, int> classRules = new(StringComparer.Ordinal);

    /// <summary>The same by the lists themselves, so that a repetition does not spell out its class each time.</summary>
    private readonly Dictionary<IReadOnlyList<(int First, int Last)>, int> rulesOfLists = new(ReferenceEqualityComparer.Instance);
    private readonly List<IReadOnlyList<(int First, int Last)>> classes = [Utf8Grammar.Everything];
    private int stackIds, edges;
    private long stored;

    /// <summary>Rules that nest within one another, at most; deeper ones are not read.</summary>
    public int MaximumDepth { get; init; } = 64;

    /// <summary>Whether characters are plain text's, which stand for themselves; else those of a JSON string.</summary>
    public bool IsPlainText { get; init; }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; init; } = 256;

    /// <summary>Classes of characters that nodes name; the first is any character.</summary>
    public IReadOnlyList<IReadOnlyList<(int First, int Last)>> Classes => classes;

    /// <summary>About how many bytes nodes, edges, states and masks take.</summary>
    public long Bytes => (nodes.Count * BytesOfNode) + (edges * BytesOfEdge) + (firstReached.Length * 8L) + (stored * BytesOfPlace) + (stacks.Count * BytesOfStack) + (maskWords * 8);

    /// <summary>Makes a node.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public int Add(bool endsRule = false)
    {
        if (nodes.Count == MostNodes)
            throw new ArgumentException($"There are more than {MostNodes} nodes in the grammar: give smaller repetitions (maxLength, maxItems, pattern), fewer properties or fewer choices.");
        nodes.Add(new GrammarNode { EndsRule = endsRule });
        return nodes.Count - 1;
    }

    /// <summary>Reads one byte of a range.</summary>
    /// <exception cref="ArgumentException">There are too many edges.</exception>
    public void Byte(int from, byte first, byte last, int to) => Joining(from).Byte(first, last, to);

    /// <summary>Leads on without reading; exceptions as of <see cref="Byte"/>.</summary>
    public void Empty(int from, int to) => Joining(from).LeadTo(to);

    /// <summary>Reads what a rule says; exceptions as of <see cref="Byte"/>.</summary>
    public void Call(int from, int rule, int to, bool nests = false) => Joining(from).Call(rule, to, nests);

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

    /// <summary>Says that a rule reads one character of a class.</summary>
    public void BeginClass(int rule, int characterClass) => nodes[rule].BeginsClass = characterClass;

    /// <summary>Says that so many characters of a class may follow a node, whatever they are.</summary>
    public void AllowFree(int node, int characters, int characterClass = 0) => (nodes[node].FreeCharacters, nodes[node].Class) = (characters, characterClass);

    /// <summary>The same of a class that may be none.</summary>
    public void AllowFreely(int node, int characterClass, int characters)
    {
        if (characterClass >= 0) AllowFree(node, characters, characterClass);
    }

    /// <summary>Says that any text may follow a node.</summary>
    public void SetFree(int node) => nodes[node].IsFree = true;

    /// <summary>Whether any text may follow a state.</summary>
    public bool IsFree(GrammarState state) => Array.Exists(state.Places, place => nodes[place.Node].IsFree);

    /// <summary>Nodes so far.</summary>
    public int NodeCount => nodes.Count;

    /// <summary>Reads one character of a set, spelled the usual way. What takes many nodes is a rule that all uses share.</summary>
    /// <param name="from">Where it begins.</param>
    /// <param name="set">Code points in rising order, apart from one another; the list stays as it is.</param>
    /// <param name="to">Where it leads.</param>
    /// <returns>The set's class, where there is one.</returns>
    public int Characters(int from, IReadOnlyList<(int First, int Last)> set, int to)
    {
        if (set.All(range => range.First >= 0x20 && range.Last < 0x7F && !Holds(range, '"') && !Holds(range, '\\')))
        {
            Utf8Grammar.Characters(this, from, set, to);
            return -1;
        }

        if (!rulesOfLists.TryGetValue(set, out int rule)) rulesOfLists.Add(set, rule = ClassRule(set));
        Call(from, rule, to);
        return nodes[rule].BeginsClass;

        static bool Holds((int First, int Last) range, int c) => range.First <= c && range.Last >= c;
    }

    private int ClassRule(IReadOnlyList<(int First, int Last)> set)
    {
        string key = string.Join(',', set.Select(range => $"{range.First:x}-{range.Last:x}"));
        if (classRules.TryGetValue(key, out int rule)) return rule;
        classRules.Add(key, rule = Add());
        Utf8Grammar.Characters(this, rule, set, Add(endsRule: true));
        // Few characters are soon walked through.
        if (classes.Count < MostClasses && set.Sum(range => (long)range.Last - range.First + 1) > 1_000)
        {
            nodes[rule].BeginsClass = classes.Count;
            classes.Add(set);
        }

        return rule;
    }

    /// <summary>A node that gets one more edge.</summary>
    private GrammarNode Joining(int node)
    {
        if (edges == MostEdges)
            throw new ArgumentException($"There are more than {MostEdges} edges in the grammar: give smaller repetitions (maxLength, maxItems, pattern), and fewer alternatives within them.");
        edges++;
        return nodes[node];
    }

    /// <summary>
    /// Says that the same is read again and again. From two of the repeats, if both ends of what is due or allowed are further away than a token reaches, the same tokens can follow, so that one stands for all of them.
    /// </summary>
    /// <param name="starts">The first node that each repeat added, and at the end the one behind the last; the nodes of a repeat are those that it leads to, its end among them. Each reads at least one byte.</param>
    /// <param name="minimum">Repeats that are due.</param>
    /// <param name="first">The first repeat that is like the others.</param>
    /// <param name="inString">Whether characters of a string are repeated.</param>
    public void Repeats(IReadOnlyList<int> starts, int minimum, int first = 0, bool inString = true)
    {
        int count = starts.Count - 1;
        if (inString && count > 0)
        {
            for (int node = starts[0]; node < starts[count]; node++) nodes[node].IsRepeated = true;
        }

        // Behind repeat i (from 0) i + 1 are read.
        int due = minimum - LongestToken - 2, allowed = count - LongestToken - 2;
        for (int i = Math.Max(0, first); i < allowed; i++)
        {
            int twin = i < due ? due : i + 1 >= minimum ? allowed : i;
            if (twin == i || starts[i + 1] - starts[i] != starts[twin + 1] - starts[twin]) continue;
            for (int node = starts[i], other = starts[twin]; node < starts[i + 1]; node++, other++) nodes[node].Twin = nodes[other].Twin >= 0 ? nodes[other].Twin : other;
            HasTwins = true;
        }
    }

    /// <summary>The state before anything is read.</summary>
    public GrammarState Start(int rule)
    {
        Begin();
        Reach(rule, null);
        return Close();
    }

    /// <summary>The state after one more byte.</summary>
    /// <exception cref="NoTokenAllowedException">The grammar is so ambiguous that there are too many places.</exception>
    public GrammarState Step(GrammarState state, byte value)
    {
        if (state.Following?[value] is { } known) return known;
        if (state.Places.Length == 0) return GrammarState.None;
        Begin();
        // Bytes that all ranges take or leave together lead to the same: among letters of a class there is one state to be found, and not one for each.
        int low = 0, high = byte.MaxValue;
        foreach ((int node, GrammarStack? stack) in state.Places)
        {
            foreach ((byte first, byte last, int target) in nodes[node].Bytes)
            {
                if (value < first)
                {
                    high = Math.Min(high, first - 1);
                }
                else if (value > last)
                {
                    low = Math.Max(low, last + 1);
                }
                else
                {
                    (low, high) = (Math.Max(low, first), Math.Min(high, last));
                    Reach(target, stack);
                }
            }
        }

        GrammarState next = open.Count == 0 ? GrammarState.None : Close();
        Spend(state.Places.Length + open.Count);
        if (state.Following is null)
        {
            state.Following = new GrammarState?[256];
            stored += TablePlaces;
        }

        state.Following.AsSpan(low, high - low + 1).Fill(next);
        return next;
    }

    private void Begin()
    {
        open.Clear();
        reached.Clear();
        if (firstReached.Length < nodes.Count) firstReached = new (int, int)[nodes.Count];
        round++;
    }

    private void Reach(int node, GrammarStack? stack)
    {
        // Nearly always a node is reached with one stack only, which the table knows; others are looked up.
        ref (int Round, int Stack) first = ref firstReached[node];
        int id = stack?.Id ?? 0;
        if (first.Round != round) first = (round, id);
        else if (first.Stack == id || !reached.Add(((long)node << 32) | (uint)id)) return;
        if (open.Count == MostPlaces)
            throw new NoTokenAllowedException($"The grammar is too ambiguous: a text may be at more than {MostPlaces} places of it. Make alternatives (anyOf, pattern) differ earlier.") { IsOfGrammar = true };
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
        kept = 0;
        foreach ((int node, GrammarStack? stack) in open)
        {
            if (nodes[node].Bytes.Count > 0) places[kept++] = (node, stack);
        }

        return Known(places, isComplete);
    }

    /// <summary>The state of some places, each there once.</summary>
    private GrammarState Known((int Node, GrammarStack? Stack)[] places, bool isComplete)
    {
        var key = new long[places.Length + 1];
        for (int i = 0; i < places.Length; i++) key[i] = ((long)places[i].Node << 32) | (uint)(places[i].Stack?.Id ?? 0);
        Array.Sort(key, places, 0, places.Length);
        key[^1] = isComplete ? -1 : -2;
        if (states.TryGetValue(key, out GrammarState? known)) return known;
        // Memory stays bounded: what is in use stays alive by itself, the rest is made anew when it is met again.
        if (states.Count == MostStates || stored > MostStored)
        {
            Forget();
        }

        var state = new GrammarState(places, isComplete);
        states.Add(key, state);
        stored += places.Length + 4;
        return state;
    }

    /// <summary>Forgets states; masks of single places, which many others are put together of, stay as long as there is room.</summary>
    private void Forget()
    {
        bool all = stacks.Count > MostStacks;
        List<KeyValuePair<long[], GrammarState>> kept = all ? [] : [.. states.Where(pair => pair.Value is { Places.Length: 1, Mask: not null })];
        foreach (GrammarState old in states.Values)
        {
            (old.Following, old.Canonical) = (null, null);
            if (all || old.Places.Length > 1) old.Mask = null;
        }

        states.Clear();
        foreach ((long[] key, GrammarState state) in kept)
        {
            if (states.Count < MostStates / 2) states.Add(key, state);
        }

        // Stacks made again are other objects with other numbers: at worst a state is made twice.
        if (all) stacks.Clear();
        (maskWords, stored) = (states.Values.Sum(state => (long)state.Mask!.Length), states.Count * 5L);
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
            hash.AddBytes(MemoryMarshal.AsBytes(key.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
