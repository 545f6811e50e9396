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

    private const long BytesOfNode = 80, BytesOfEdge = 24, BytesOfPlace = 24, BytesOfStack = 120;

    /// <summary>Classes of characters that tables of tokens are made for, "any" among them.</summary>
    private const int MostClasses = 4;

    private readonly List<GrammarNode> nodes = [];
    private readonly Dictionary<string, int> classRules = new(StringComparer.Ordinal);

    /// <summary>The same by the lists themselves, so that a repetition does not spell out its class each time.</summary>
    private readonly Dictionary<IReadOnlyList<(int First, int Last)>, int> rulesOfLists = new(ReferenceEqualityComparer.Instance);
    private readonly List<IReadOnlyList<(int First, int Last)>> classes = [Utf8Grammar.Everything];
    private int edges;

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
}
