using System.Collections.Frozen;

namespace LongContext.Generation.Grammars;

/// <summary>Text that opens calls by how it begins, behind white space: by a JSON object's first strings, or by a tag. What begins otherwise is free.</summary>
internal sealed class BareOpening
{
    private static readonly FrozenSet<string> WhiteSpace = Enumerable.Range(0, char.MaxValue + 1).Where(c => char.IsWhiteSpace((char)c)).Select(c => FreeText.ToBytes(((char)c).ToString())).ToFrozenSet(StringComparer.Ordinal);

    private readonly Dictionary<string, int> openings = new(StringComparer.Ordinal);

    /// <summary>What was read of openings where white space may follow that JSON passes over.</summary>
    private readonly HashSet<string> borders = new(StringComparer.Ordinal);

    /// <summary>Opens by an object.</summary>
    /// <param name="strings">The strings that it begins with, keys and values in turn.</param>
    /// <param name="after">Where the last one's closing quote leads.</param>
    public void AddObject(IReadOnlyList<string> strings, int after)
    {
        string read = "{";
        for (int i = 0; i < strings.Count; i++)
        {
            if (i > 0)
            {
                borders.Add(read);
                read += i % 2 == 0 ? ',' : ':';
            }

            borders.Add(read);
            read += $"\"{strings[i]}\"";
        }

        openings.Add(read, after);
    }

    /// <summary>Opens by a text as it is.</summary>
    /// <param name="tag">The text; does not begin with white space.</param>
    /// <param name="after">Where its last byte leads.</param>
    public void AddTag(string tag, int after) => openings.Add(FreeText.ToBytes(tag), after);

    /// <summary>Reads what was added, or free text.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="text">The free text; no marker of it has white space before its end.</param>
    /// <param name="end">Where the text may be left before anything opens.</param>
    /// <returns>Where it begins.</returns>
    public int Build(GrammarGraph graph, FreeText text, int end)
    {
        // A node for each beginning, as in a tree; what leaves the tree is free text.
        var nodes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string whole in openings.Keys.Concat(WhiteSpace))
        {
            for (int length = 0; length < whole.Length; length++)
            {
                if (!nodes.ContainsKey(whole[..length])) nodes.Add(whole[..length], FreeText.Node(graph, end));
            }
        }

        var bytes = openings.Keys.Concat(WhiteSpace).SelectMany(whole => whole).Concat(text.Bytes).ToHashSet();
        foreach ((string read, int node) in nodes) FreeText.Branch(graph, node, bytes, text.Start, next => Target(read, next));
        return nodes[""];

        int Target(string read, char next)
        {
            string all = read + next;
            if (openings.TryGetValue(all, out int after) || nodes.TryGetValue(all, out after)) return after;
            if (borders.Contains(read) && next is ' ' or '\t' or '\r' or '\n') return nodes[read];
            return WhiteSpace.Contains(all) ? nodes[""] : text.After(all);
        }
    }
}
