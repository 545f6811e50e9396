using System.Text.Json.Nodes;

namespace LongContext.Data.Columnar;

/// <summary>The values of one column in one row group, in memory of a page and the dictionary.</summary>
internal sealed class ColumnCursor
{
    private readonly ParquetNode leaf;
    private readonly ColumnPages pages;
    private readonly LeafValues values;
    private readonly RowBudget row;
    private RunLengthDecoder? repetitions, definitions;
    private ValueDecoder? decoder;
    private string?[] dictionaryTexts = [];
    private long left;
    private int leftInPage;
    private int repetition = -1;

    public ColumnCursor(ParquetNode leaf, ColumnPages pages, long count, RowBudget row)
    {
        this.leaf = leaf;
        this.pages = pages;
        values = new LeafValues(leaf.Element);
        this.row = row;
        left = count;
    }

    /// <summary>Reads what the column has of the next row.</summary>
    /// <param name="entries">Takes its entries; filled anew, and left empty where the row takes more than it may.</param>
    /// <param name="keeps">False to pass the row over.</param>
    /// <param name="cancellationToken">Looked at with each page.</param>
    /// <returns>What is wrong with a value, which stands there as null; or null.</returns>
    /// <exception cref="ParquetFault">The column cannot be read on.</exception>
    public string? ReadRow(List<ColumnEntry> entries, bool keeps, CancellationToken cancellationToken)
    {
        entries.Clear();
        string? fault = null;
        if (!TryPeek(out int level, cancellationToken)) throw new ParquetFault($"the column \"{Name}\" has fewer rows than its row group");
        if (level != 0) throw new ParquetFault($"the column \"{Name}\" begins in the midst of a row");
        do
        {
            repetition = -1;
            left--;
            leftInPage--;
            int definition = definitions?.Next() ?? 0;
            if (definition > leaf.Definition) throw new ParquetFault($"the column \"{Name}\" has a definition level of {definition}, expected {leaf.Definition} at most");
            if (!keeps)
            {
                if (definition == leaf.Definition) decoder!.Skip();
                continue;
            }

            RawValue raw = definition == leaf.Definition ? decoder!.Next() : default;
            row.Take(raw.Bytes.Length);
            keeps = !row.IsExceeded;
            if (keeps) entries.Add(new ColumnEntry(level, definition, definition == leaf.Definition ? Convert(raw, ref fault) : null));
            else DropAll(entries);
        }
        while (TryPeek(out level, cancellationToken) && level > 0);

        return fault;
    }

    private static void DropAll(List<ColumnEntry> entries)
    {
        entries.Clear();
        entries.TrimExcess();
    }

    private string Name => leaf.Path.Replace('\0', '.');

    private JsonNode? Convert(RawValue raw, ref string? fault)
    {
        try
        {
            if (raw.Index < 0 || !values.IsText) return values.ToJson(raw);
            return JsonValue.Create(dictionaryTexts[raw.Index] ??= values.ToJson(raw)!.GetValue<string>());
        }
        catch (FormatException wrong)
        {
            fault ??= $"the column \"{Name}\": {wrong.Message}.";
            return null;
        }
    }

    /// <summary>The repetition level of the next value; false at the end.</summary>
    private bool TryPeek(out int level, CancellationToken cancellationToken)
    {
        level = repetition;
        if (level >= 0) return true;
        if (left == 0) return false;
        while (leftInPage == 0) ReadPage(cancellationToken);
        level = repetition = repetitions?.Next() ?? 0;
        return level <= leaf.RepetitionLevel ? true : throw new ParquetFault($"the column \"{Name}\" has a repetition level of {level}, expected {leaf.RepetitionLevel} at most");
    }

    private void ReadPage(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ColumnPages.DataPage page = pages.ReadData(leaf);
        if (page.Values > left) throw new ParquetFault($"the column \"{Name}\" has a page of {page.Values} values where {left} are left");
        leftInPage = page.Values;
        repetitions = leaf.RepetitionLevel > 0 ? new RunLengthDecoder(page.Repetitions, BitsOf(leaf.RepetitionLevel)) : null;
        definitions = leaf.Definition > 0 ? new RunLengthDecoder(page.Definitions, BitsOf(leaf.Definition)) : null;
        if (dictionaryTexts.Length == 0 && pages.Dictionary is { } dictionary) dictionaryTexts = new string?[dictionary.Length];
        // A page without a value (all of it null) may have no bytes for values at all.
        decoder = new LazyDecoder(() => ValueDecoder.Create(page.Encoding, page.Body, page.Values, leaf.Element, pages.Dictionary));
    }

    private static int BitsOf(int level) => 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)level);

    private sealed class LazyDecoder(Func<ValueDecoder> create) : ValueDecoder
    {
        private ValueDecoder? inner;

        public override RawValue Next() => (inner ??= create()).Next();

        public override void Skip() => (inner ??= create()).Skip();
    }
}
