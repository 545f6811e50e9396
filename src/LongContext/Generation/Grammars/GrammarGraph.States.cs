using System.Runtime.InteropServices;

namespace LongContext.Generation.Grammars;

/// <summary>The sets of places that texts reach, made when they are first reached, and kept within bounds.</summary>
internal sealed partial class GrammarGraph
{
    private const int MostPlaces = 16_384;
    private const int MostStates = 16_384;

    /// <summary>Places that states may have together, about 24 bytes each; a table of following states counts as many as it takes memory.</summary>
    private const long MostStored = 4 << 20;
    private const int TablePlaces = 96;
    private const int MostStacks = 1 << 18;

    private readonly Dictionary<(int Return, int Parent, bool Nests), GrammarStack> stacks = [];
    private readonly Dictionary<long[], GrammarState> states = new(PlacesComparer.Instance);
    private readonly HashSet<long> reached = [];
    private (int Round, int Stack)[] firstReached = [];
    private readonly List<(int Node, GrammarStack? Stack)> open = [];
    private int round, stackIds;
    private long stored;

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
