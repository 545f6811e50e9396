using System.Text.Json.Nodes;

namespace LongContext.Data.Columnar;

/// <summary>
/// Puts a row together out of its columns (Melnik et al. 2010, "Dremel", §4.2; here by taking the columns' entries apart level by level instead of by an automaton).
/// </summary>
internal sealed class RecordAssembler
{
    private readonly ParquetNode root;
    private readonly int[] from;
    private readonly int[] to;

    public RecordAssembler(ParquetNode root)
    {
        this.root = root;
        from = new int[root.Columns];
        to = new int[root.Columns];
        Entries = [.. Enumerable.Range(0, root.Columns).Select(_ => new List<ColumnEntry>())];
    }

    /// <summary>The entries of each column for the row that is put together.</summary>
    public IReadOnlyList<List<ColumnEntry>> Entries { get; }

    /// <exception cref="ParquetFault">The columns contradict each other.</exception>
    public JsonObject Assemble()
    {
        for (int i = 0; i < from.Length; i++) (from[i], to[i]) = (0, Entries[i].Count);
        JsonObject record = [];
        foreach (ParquetNode field in root.Children) Add(record, field.Element.Name, Build(field));
        return record;
    }

    private JsonNode? Build(ParquetNode node)
    {
        if (node.Element.Repetition == Repetition.Repeated) return BuildRepeated(node);
        if (node.Element.Repetition == Repetition.Optional && IsAbsent(node)) return null;
        return BuildContent(node);
    }

    private JsonNode? BuildContent(ParquetNode node)
    {
        if (node.IsLeaf)
        {
            int column = node.FirstColumn;
            return to[column] - from[column] == 1 ? Entries[column][from[column]].Value : throw Contradiction(node);
        }

        if (node.IsWrapper) return Build(node.Children[0]);
        if (node.Element.Kind == LogicalKind.Map && node.Children.Count == 1) return BuildMap(Build(node.Children[0]));
        JsonObject content = [];
        foreach (ParquetNode child in node.Children) Add(content, child.Element.Name, Build(child));
        return content;
    }

    /// <summary>Whether all columns under the node end above it.</summary>
    private bool IsAbsent(ParquetNode node)
    {
        bool absent = Entries[node.FirstColumn][from[node.FirstColumn]].Definition < node.Definition;
        for (int column = node.FirstColumn; column < node.FirstColumn + node.Columns; column++)
        {
            if (Entries[column][from[column]].Definition < node.Definition != absent || (absent && to[column] - from[column] != 1)) throw Contradiction(node);
        }

        return absent;
    }

    private JsonArray BuildRepeated(ParquetNode node)
    {
        JsonArray elements = [];
        if (IsAbsent(node)) return elements;
        int[] ends = to[node.FirstColumn..(node.FirstColumn + node.Columns)];
        while (from[node.FirstColumn] < ends[0])
        {
            for (int i = 0; i < ends.Length; i++)
            {
                int column = node.FirstColumn + i;
                if (from[column] == ends[i]) throw Contradiction(node);
                int next = from[column] + 1;
                while (next < ends[i] && Entries[column][next].Repetition > node.RepetitionLevel) next++;
                to[column] = next;
            }

            if (IsAbsent(node)) throw Contradiction(node);
            JsonNode? element = BuildContent(node);
            elements.Add(element);
            for (int i = 0; i < ends.Length; i++) from[node.FirstColumn + i] = to[node.FirstColumn + i];
        }

        for (int i = 0; i < ends.Length; i++)
        {
            if (from[node.FirstColumn + i] != ends[i]) throw Contradiction(node);
            to[node.FirstColumn + i] = ends[i];
        }

        return elements;
    }

    /// <summary>Pairs of key and value as an object where keys are texts, of equal ones the last; else as they are.</summary>
    private static JsonNode? BuildMap(JsonNode? pairs)
    {
        if (pairs is not JsonArray list) return pairs;
        JsonObject map = [];
        foreach (JsonNode? pair in list)
        {
            if (pair is not JsonObject { Count: 1 or 2 } entry || entry.GetAt(0).Value is not JsonValue key || key.GetValueKind() != System.Text.Json.JsonValueKind.String)
                return pairs;
            map[key.GetValue<string>()] = entry.Count == 2 ? entry.GetAt(1).Value?.DeepClone() : null;
        }

        return map;
    }

    private static void Add(JsonObject record, string name, JsonNode? value)
    {
        if (!record.TryAdd(name, value)) throw new ParquetFault($"there are two columns \"{name}\" side by side");
    }

    private static ParquetFault Contradiction(ParquetNode node) => new($"the columns of \"{node.Element.Name}\" contradict each other about how often it is there");
}
