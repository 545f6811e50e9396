using System.Globalization;

namespace LongContext.Generation.Grammars;

/// <summary>
/// The regular part of ECMAScript's patterns: literals, classes, groups, alternatives, repetitions, anchors at the ends. What looks around, refers back or sits at word
/// borders is refused. As in JSON schema a pattern without anchors may be found anywhere in the string, unless it is said to be of the whole.
/// </summary>
internal sealed class PatternGrammar
{
    private const int MostRepeats = 10_000;
    private const int MostDepth = 50;
    private const int Highest = 0x10FFFF;
    private static readonly (int, int)[] s_digits = [('0', '9')];
    private static readonly (int, int)[] s_word = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly (int, int)[] s_space = [(9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)];
    private readonly string pattern;
    private readonly bool isWhole;
    private int place;
    private int depth;

    private PatternGrammar(string pattern, bool isWhole) => (this.pattern, this.isWhole) = (pattern, isWhole);

    /// <summary>Reads the characters, of a string without its quotes, that a pattern matches.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="from">Where they begin.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="to">Where they lead.</param>
    /// <param name="isWhole">Whether it has to match all of a text even without anchors; else it may be found anywhere in it.</param>
    /// <exception cref="ArgumentException">The pattern is not one, or has what is not regular.</exception>
    public static void Build(GrammarGraph graph, int from, string pattern, int to, bool isWhole = false)
    {
        var parser = new PatternGrammar(pattern, isWhole);
        Node root = parser.Alternatives(isTop: true);
        if (parser.place < pattern.Length) throw parser.Fault("a ')' that closes nothing");
        Build(graph, from, root, to);
    }

    private static void Build(GrammarGraph graph, int from, Node node, int to)
    {
        switch (node)
        {
            case Characters set:
                graph.Characters(from, set.Ranges, to);
                break;
            case Sequence sequence:
                for (int i = 0; i < sequence.Items.Count; i++)
                {
                    int next = i == sequence.Items.Count - 1 ? to : graph.Add();
                    Build(graph, from, sequence.Items[i], next);
                    from = next;
                }

                if (sequence.Items.Count == 0) graph.Empty(from, to);
                break;
            case Choice choice:
                foreach (Node item in choice.Items) Build(graph, from, item, to);
                break;
            case Repeat repeat:
                // An own node at each end: what loops here must not loop there.
                int at = graph.Add(), least = repeat.Minimum;
                List<int> starts = [];
                graph.Empty(from, at);
                for (int i = 0; i < least; i++) at = After(at, i + 1);
                if (repeat.Maximum is not { } maximum)
                {
                    if (repeat.Item is Characters any) graph.AllowFreely(at, graph.Characters(at, any.Ranges, at), int.MaxValue);
                    else Build(graph, at, repeat.Item, at);
                }
                else
                {
                    for (int i = least; i < maximum; i++)
                    {
                        graph.Empty(at, to);
                        at = After(at, i + 1);
                    }
                }

                graph.Empty(at, to);
                starts.Add(graph.NodeCount);
                if (!IsNullable(repeat.Item)) graph.Repeats(starts, least);
                break;

                int After(int start, int read)
                {
                    int end = graph.Add();
                    starts.Add(end);
                    if (repeat.Item is Characters one) graph.AllowFreely(end, graph.Characters(start, one.Ranges, end), repeat.Maximum is { } most ? most - read : int.MaxValue);
                    else Build(graph, start, repeat.Item, end);
                    return end;
                }
        }
    }

    private static bool IsNullable(Node node) => node switch
    {
        Characters => false,
        Sequence sequence => sequence.Items.TrueForAll(IsNullable),
        Choice choice => choice.Items.Exists(IsNullable),
        Repeat repeat => repeat.Minimum == 0 || IsNullable(repeat.Item),
        _ => true,
    };

    private Node Alternatives(bool isTop)
    {
        if (++depth > MostDepth) throw Fault($"groups more than {MostDepth} deep");
        var choices = new List<Node>();
        var characters = new List<(int First, int Last)>();
        bool hasNothing = false;
        do
        {
            Sequence items = Items(isTop);
            // Single characters are a class, and nothing is nothing however often it is there: each repeat of the group would have them all.
            if (items.Items is [Characters one]) characters.AddRange(one.Ranges);
            else if (items.Items.Count > 0) choices.Add(items);
            else hasNothing = true;
        }
        while (TryTake('|'));
        depth--;
        if (characters.Count > 0) choices.Add(new Characters(Merged(characters)));
        if (hasNothing) choices.Add(new Sequence([]));
        return choices.Count == 1 ? choices[0] : new Choice(choices);
    }

    private Sequence Items(bool isTop)
    {
        var items = new List<Node>();
        bool isOpen = isTop && !TryTake('^'), isAtEnd = false;
        if (isOpen && !isWhole) items.Add(new Repeat(new Characters([(0, Highest)]), 0, null));
        while (place < pattern.Length && pattern[place] is not '|' and not ')')
        {
            if (isAtEnd) throw Fault("something behind '$'");
            if (isTop && TryTake('$'))
            {
                isAtEnd = true;
                continue;
            }

            items.Add(Repeated(Atom()));
        }

        if (isTop && !isAtEnd && !isWhole) items.Add(new Repeat(new Characters([(0, Highest)]), 0, null));
        return new Sequence(items);
    }

    private Node Repeated(Node item)
    {
        if (place >= pattern.Length) return item;
        (int Minimum, int? Maximum)? count = pattern[place] switch
        {
            '*' => (0, null),
            '+' => (1, null),
            '?' => (0, 1),
            '{' => Braces(),
            _ => null,
        };
        if (count is not { } range) return item;
        place++;
        // Whether few or many are tried first does not change what matches.
        TryTake('?');
        if (place < pattern.Length && (pattern[place] is '*' or '+' or '{')) throw Fault("a repetition of a repetition");
        return new Repeat(item, range.Minimum, range.Maximum);
    }

    /// <summary>The numbers of {n}, {n,} or {n,m}; the place is then at the closing brace.</summary>
    private (int Minimum, int? Maximum) Braces()
    {
        int end = pattern.IndexOf('}', place);
        string[] parts = end < 0 ? [] : pattern[(place + 1)..end].Split(',');
        int most = 0;
        if (parts.Length is not (1 or 2) || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int least)
            || (parts is [_, { Length: > 0 } second] && !int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out most)))
            throw Fault("a '{' that is no repetition {n}, {n,} or {n,m}");
        int? maximum = parts.Length == 1 ? least : parts[1].Length == 0 ? null : most;
        if (least > MostRepeats || maximum > MostRepeats || maximum < least) throw Fault($"a repetition {{{string.Join(',', parts)}}}, expected rising numbers up to {MostRepeats}");
        place = end;
        return (least, maximum);
    }

    private Node Atom()
    {
        char c = pattern[place];
        switch (c)
        {
            case '(':
                place++;
                if (TryTake('?') && !TryTake(':'))
                {
                    int name = place < pattern.Length && pattern[place] == '<' && place + 1 < pattern.Length && pattern[place + 1] is not '=' and not '!' ? pattern.IndexOf('>', place) : -1;
                    if (name < 0) throw Fault("a group that looks around");
                    place = name + 1;
                }

                Node group = Alternatives(isTop: false);
                return TryTake(')') ? group : throw Fault("a '(' without its ')'");
            case '[':
                place++;
                return new Characters(Class());
            case '.':
                place++;
                return new Characters(Except([(10, 10), (13, 13), (0x2028, 0x2029)]));
            case '\\':
                place++;
                return new Characters(Escape(inClass: false));
            case '*' or '+' or '?' or '{':
                throw Fault($"a '{c}' with nothing before it");
            case '^' or '$':
                throw Fault($"a '{c}' inside the pattern");
            default:
                int codePoint = CodePoint();
                return new Characters([(codePoint, codePoint)]);
        }
    }

    private List<(int, int)> Class()
    {
        bool negated = TryTake('^');
        var ranges = new List<(int First, int Last)>();
        while (true)
        {
            if (place >= pattern.Length) throw Fault("a '[' without its ']'");
            if (TryTake(']')) break;
            List<(int First, int Last)> one = Member();
            if (one is [var (first, single)] && first == single && place + 1 < pattern.Length && pattern[place] == '-' && pattern[place + 1] != ']')
            {
                place++;
                if (Member() is not [var (last, end)] || last != end || last < first) throw Fault("a range in a class that does not rise from one character to another");
                ranges.Add((first, last));
                continue;
            }

            ranges.AddRange(one);
        }

        List<(int, int)> set = negated ? Except(ranges) : Merged(ranges);
        return set.Count > 0 ? set : throw Fault("an empty class");

        List<(int First, int Last)> Member()
        {
            if (TryTake('\\')) return Escape(inClass: true);
            int c = CodePoint();
            return [(c, c)];
        }
    }

    private List<(int First, int Last)> Escape(bool inClass)
    {
        if (place >= pattern.Length) throw Fault("a '\\' at the end");
        char c = pattern[place++];
        switch (c)
        {
            case 'd': return [.. s_digits];
            case 'D': return Except(s_digits);
            case 'w': return [.. s_word];
            case 'W': return Except(s_word);
            case 's': return [.. s_space];
            case 'S': return Except(s_space);
            case 't': return [(9, 9)];
            case 'n': return [(10, 10)];
            case 'v': return [(11, 11)];
            case 'f': return [(12, 12)];
            case 'r': return [(13, 13)];
            case '0': return [(0, 0)];
            case 'b' when inClass: return [(8, 8)];
            case 'x' or 'u':
                int digits = c == 'x' ? 2 : 4;
                if (place + digits > pattern.Length || !int.TryParse(pattern.AsSpan(place, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) || value is >= 0xD800 and < 0xE000)
                    throw Fault($"an escape '\\{c}' that is no character");
                place += digits;
                return [(value, value)];
            default:
                return char.IsAsciiLetterOrDigit(c) ? throw Fault($"the escape '\\{c}'") : [(c, c)];
        }
    }

    /// <summary>The same characters, in rising order and each once.</summary>
    private static List<(int, int)> Merged(List<(int First, int Last)> ranges) => Except(Except(ranges));

    private static List<(int, int)> Except(IEnumerable<(int First, int Last)> ranges)
    {
        var rest = new List<(int, int)>();
        int next = 0;
        foreach ((int first, int last) in ranges.OrderBy(range => range.First))
        {
            if (first > next) rest.Add((next, first - 1));
            next = Math.Max(next, last + 1);
        }

        if (next <= Highest) rest.Add((next, Highest));
        return rest;
    }

    private int CodePoint()
    {
        if (!char.IsSurrogate(pattern[place])) return pattern[place++];
        if (!char.IsHighSurrogate(pattern[place]) || place + 1 >= pattern.Length || !char.IsLowSurrogate(pattern[place + 1])) throw Fault("half a surrogate pair");
        place += 2;
        return char.ConvertToUtf32(pattern[place - 2], pattern[place - 1]);
    }

    private bool TryTake(char c)
    {
        if (place >= pattern.Length || pattern[place] != c) return false;
        place++;
        return true;
    }

    private ArgumentException Fault(string what) => new($"The pattern \"{(pattern.Length <= 200 ? pattern : pattern[..(char.IsHighSurrogate(pattern[199]) ? 199 : 200)] + "…")}\" has at character {place} {what}, which cannot be used in a grammar.");

    private abstract record Node;

    private sealed record Characters(List<(int First, int Last)> Ranges) : Node;

    private sealed record Sequence(List<Node> Items) : Node;

    private sealed record Choice(List<Node> Items) : Node;

    private sealed record Repeat(Node Item, int Minimum, int? Maximum) : Node;
}
