namespace LongContext.Data.Columnar;

/// <summary>A field of the schema, with the levels by which its values are placed (Dremel's definition and repetition levels).</summary>
internal sealed class ParquetNode
{
    private const int MaximumDepth = 60;

    /// <summary>Characters of the paths of all fields: a long name stands in the path of each field below it.</summary>
    private const long MostPathCharacters = 1 << 24;

    public required SchemaElement Element { get; init; }

    /// <summary>The definition level from which on the field is there.</summary>
    public int Definition { get; private init; }

    /// <summary>The repetition level at which the field, if it is repeated, has a further element.</summary>
    public int RepetitionLevel { get; private init; }

    /// <summary>The names from the root on, as the file has them, with zeros between them.</summary>
    public required string Path { get; init; }

    /// <summary>Children of which something is read.</summary>
    public List<ParquetNode> Children { get; } = [];

    /// <summary>Whether its content is that of its only child: lists and the groups in them are written as three levels.</summary>
    public bool IsWrapper { get; private set; }

    /// <summary>The first of the columns under it, and how many there are.</summary>
    public int FirstColumn { get; private set; }

    /// <summary>How many columns lie under it.</summary>
    public int Columns { get; private set; }

    public bool IsLeaf => Element.Children == 0;

    /// <summary>Puts the schema together, as far as its columns are wanted.</summary>
    /// <param name="schema">The elements, the root first.</param>
    /// <param name="wanted">Names or paths of columns, or null for all.</param>
    /// <param name="leaves">Takes the columns in order.</param>
    /// <exception cref="ParquetFault">The schema is no tree, or lacks a column that is wanted.</exception>
    public static ParquetNode Build(IReadOnlyList<SchemaElement> schema, IReadOnlyList<string>? wanted, List<ParquetNode> leaves)
    {
        if (schema.Count == 0) throw new ParquetFault("the footer has no schema");
        HashSet<string> found = new(StringComparer.Ordinal);
        int next = 1;
        long paths = 0;
        ParquetNode root = new() { Element = schema[0], Path = "" };
        if (root.Element.Children <= 0) throw new ParquetFault("the schema has no columns");
        for (int i = 0; i < root.Element.Children; i++)
        {
            if (Read(schema, ref next, ref paths, root, "", isWanted: wanted is null, wanted, found, leaves, depth: 1) is { } child) root.Children.Add(child);
        }

        root.Columns = leaves.Count;
        if (wanted is null) return root;
        string[] missing = [.. wanted.Where(name => !found.Contains(name)).Select(name => $"\"{name}\"")];
        string names = string.Join(", ", schema.Skip(1).Where(element => element.Name.Length > 0).Select(element => $"\"{element.Name}\"").Distinct().Take(12));
        return missing.Length == 0 ? root : throw new ParquetFault($"there is no column {string.Join(", ", missing)}; found {names}");
    }

    private static ParquetNode? Read(
        IReadOnlyList<SchemaElement> schema, ref int next, ref long paths, ParquetNode parent, string parentName, bool isWanted, IReadOnlyList<string>? wanted,
        HashSet<string> found, List<ParquetNode> leaves, int depth)
    {
        if (next >= schema.Count) throw new ParquetFault("the schema's fields have more children than there are");
        if (depth > MaximumDepth) throw new ParquetFault($"the schema is more than {MaximumDepth} levels deep");
        SchemaElement element = schema[next++];
        paths += parent.Path.Length + element.Name.Length + 1;
        if (paths > MostPathCharacters) throw new ParquetFault($"the paths of the schema's fields have more than {MostPathCharacters} characters");
        if (element.Children < 0 || (element.Children == 0 && element.Type is null)) throw new ParquetFault($"the field \"{element.Name}\" has neither a type nor children");
        // The groups that only make a list are no names that anybody would ask for.
        bool isHidden = parent.Element.Kind is LogicalKind.List || parent.IsWrapper;
        string name = isHidden ? parentName : parentName.Length == 0 ? element.Name : $"{parentName}.{element.Name}";
        if (wanted?.Contains(name, StringComparer.Ordinal) == true)
        {
            isWanted = true;
            found.Add(name);
        }

        bool repeats = element.Repetition == Repetition.Repeated;
        ParquetNode node = new()
        {
            Element = element,
            Path = parent.Path.Length == 0 ? element.Name : $"{parent.Path}\0{element.Name}",
            Definition = parent.Definition + (element.Repetition == Repetition.Required ? 0 : 1),
            RepetitionLevel = parent.RepetitionLevel + (repeats ? 1 : 0),
            FirstColumn = leaves.Count,
        };
        node.IsWrapper = node.IsListWrapper(parent);
        for (int i = 0; i < element.Children; i++)
        {
            if (Read(schema, ref next, ref paths, node, name, isWanted, wanted, found, leaves, depth + 1) is { } child) node.Children.Add(child);
        }

        if (node.IsLeaf && isWanted) leaves.Add(node);
        node.Columns = leaves.Count - node.FirstColumn;
        if (node.Columns == 0) return null;
        if (element.Kind == LogicalKind.List && !node.IsLeaf && (node.Children.Count != 1 || node.Children[0].Element.Repetition != Repetition.Repeated))
            throw new ParquetFault($"the list \"{element.Name}\" does not hold one repeated field");
        return node;
    }

    /// <summary>
    /// Whether the node stands for its only child (LogicalTypes.md, "Lists" with its rules for older files): a list for its repeated field, and that for its element unless
    /// it is the element itself.
    /// </summary>
    private bool IsListWrapper(ParquetNode parent)
    {
        if (IsLeaf) return false;
        if (Element.Kind == LogicalKind.List) return true;
        bool inList = parent.Element.Kind == LogicalKind.List && Element.Repetition == Repetition.Repeated;
        return inList && Element.Children == 1 && Element.Name != "array" && Element.Name != parent.Element.Name + "_tuple";
    }
}
