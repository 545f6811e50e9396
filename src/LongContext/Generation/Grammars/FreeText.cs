using System.Text;

namespace LongContext.Generation.Grammars;

/// <summary>Text that may be anything until a marker stands in it.</summary>
/// <remarks>
/// The automaton of Aho and Corasick 1975, a node for each beginning of a marker that the text may end with: after every byte there is one such node, so that free text costs no more than a walk.
/// </remarks>
internal sealed class FreeText
{
    private readonly (string Marker, int After)[] markers;
    private readonly Dictionary<string, int> nodes = new(StringComparer.Ordinal);

    /// <summary>Reads any bytes up to the first place at which a marker is complete.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="markers">The markers, none empty, and where the last byte of each leads.</param>
    /// <param name="end">Where the text may be left before that; null for nowhere.</param>
    public FreeText(GrammarGraph graph, IEnumerable<(string Marker, int After)> markers, int? end)
    {
        this.markers = [.. markers.Select(each => (ToBytes(each.Marker), each.After))];
        foreach ((string marker, _) in this.markers)
        {
            for (int length = 0; length < marker.Length; length++)
            {
                if (!nodes.ContainsKey(marker[..length])) nodes.Add(marker[..length], Node(graph, end));
            }
        }

        Bytes = this.markers.SelectMany(each => each.Marker).ToHashSet();
        foreach ((string read, int node) in nodes) Branch(graph, node, Bytes, Start, next => After(read + next));
    }

    /// <summary>The bytes of markers; any other one leads to <see cref="Start"/>.</summary>
    public IReadOnlySet<char> Bytes { get; }

    /// <summary>Where the text begins.</summary>
    public int Start => nodes[""];

    /// <summary>The same with one marker; where the text begins.</summary>
    public static int Until(GrammarGraph graph, string marker, int after, int? end) => new FreeText(graph, [(marker, after)], end).Start;

    /// <summary>A node of free text.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="end">Where the text may be left; null for nowhere.</param>
    public static int Node(GrammarGraph graph, int? end)
    {
        int node = graph.Add();
        graph.SetFree(node);
        if (end is { } left) graph.Empty(node, left);
        return node;
    }

    /// <summary>Says of each byte where it leads, a character for a byte.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="from">The node.</param>
    /// <param name="bytes">The bytes that markers and the like have in them.</param>
    /// <param name="other">Where all others lead.</param>
    /// <param name="target">Where one of them leads.</param>
    public static void Branch(GrammarGraph graph, int from, IEnumerable<char> bytes, int other, Func<char, int> target)
    {
        var targets = new int[256];
        Array.Fill(targets, other);
        foreach (char next in bytes) targets[next] = target(next);
        for (int first = 0, last; first < 256; first = last + 1)
        {
            for (last = first; last < 255 && targets[last + 1] == targets[first]; last++)
            {
            }

            graph.Byte(from, (byte)first, (byte)last, targets[first]);
        }
    }

    /// <summary>A text's UTF-8, a character for each byte.</summary>
    public static string ToBytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Where a text is that has no marker in it but at its end.</summary>
    /// <param name="read">Its bytes, or the last of them, as many as a marker has.</param>
    public int After(string read)
    {
        foreach ((string marker, int after) in markers)
        {
            if (read.EndsWith(marker, StringComparison.Ordinal)) return after;
        }

        int start = 0;
        while (!nodes.ContainsKey(read[start..])) start++;
        return nodes[read[start..]];
    }
}
