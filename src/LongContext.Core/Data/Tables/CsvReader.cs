using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Compression;
using LongContext.Data.Reading;

namespace LongContext.Data.Tables;

/// <summary>CSV and TSV: every field is text, blank lines are passed, and a record with more or fewer fields than the header is bad.</summary>
/// <remarks>
/// The package Sep was tried and not taken (0.17.1): it says the lines of a row but not its bytes, so that going on with a run would mean reading
/// the file anew; its rows end at 2²⁴ characters, which books exceed; and it reads from a text reader, which either replaces broken UTF-8 unsaid or
/// throws for it without a row, the rows before it in its block lost with it.
/// </remarks>
internal sealed class CsvReader : IRecordReader
{
    private const int MostNamed = 12, MostColumns = 10_000_000;

    private readonly string path;
    private readonly RecordSourceOptions options;
    private readonly byte separator;
    private readonly string[] names = [];
    private readonly bool[] wanted = [];
    private readonly List<string> fields = [];
    private CsvSplitter records;

    public CsvReader(string path, RecordSourceOptions options, bool isTabs, CancellationToken cancellationToken)
    {
        this.path = path;
        this.options = options;
        separator = options.Tables.Separator is { } given ? (byte)given : isTabs ? (byte)'\t' : DetectSeparator(cancellationToken);
        records = Open();
        try
        {
            names = options.Tables.ColumnNames is { } columns ? [.. columns] : ReadHeader(cancellationToken);
            wanted = FindWanted();
        }
        catch
        {
            records.Dispose();
            throw;
        }
    }

    public RecordPlace Place => records.Place;

    public long BytesRead => records.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        // The beginning is behind the header, where reading stands.
        if (place.Offset == 0) return;
        records.Dispose();
        records = Open();
        records.MoveTo(place, cancellationToken);
    }

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        while (records.TryRead(cancellationToken))
        {
            if (!records.IsTooLong && records.Record.IsEmpty) continue;
            int count = ReadFields(most: names.Length);
            if (count != names.Length)
                throw Fault($"the record has {count} fields, expected {names.Length} ({ColumnList()}).");
            JsonObject record = [];
            for (int i = 0; i < names.Length; i++)
            {
                if (wanted[i]) record.Add(names[i], fields[i]);
            }

            return new DataRecord(new RecordOrigin(path, records.FirstLine), record);
        }

        return null;
    }

    public void Dispose() => records.Dispose();

    private CsvSplitter Open() => new(DataInput.Open(path, options), separator, options.MaximumRecordBytes);

    private byte DetectSeparator(CancellationToken cancellationToken)
    {
        using CsvSplitter first = new(DataInput.Open(path, options), (byte)',', options.MaximumRecordBytes);
        while (first.TryRead(cancellationToken))
        {
            if (!first.Record.IsEmpty) return CsvFields.Detect(first.Record.Span);
        }

        return (byte)',';
    }

    private string[] ReadHeader(CancellationToken cancellationToken)
    {
        while (records.TryRead(cancellationToken))
        {
            if (!records.IsTooLong && records.Record.IsEmpty) continue;
            try
            {
                if (ReadFields(MostColumns) is > MostColumns and var count) throw Fault(FormattableString.Invariant($"it has {count} columns, expected {MostColumns} at most."));
            }
            catch (DataFormatException fault)
            {
                string reason = fault.Message[(fault.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..];
                throw new DataFormatException(path, records.FirstLine, $"the header: {reason}", fault) { EndsFile = true };
            }

            if (fields.Exists(HasLoneReturn))
            {
                const string fault = "the header has a carriage return in it that no line feed follows: lines must end with a line feed, alone or behind a carriage return.";
                throw new DataFormatException(path, records.FirstLine, fault) { EndsFile = true };
            }

            string[] twice = [.. fields.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => $"\"{group.Key}\"")];
            if (twice.Length > 0)
            {
                string fault = $"the header has {string.Join(", ", twice.Take(MostNamed))} more than once, expected a name of its own for each column.";
                throw new DataFormatException(path, records.FirstLine, fault) { EndsFile = true };
            }

            return [.. fields];
        }

        return [];
    }

    /// <summary>As where lines end as on old Macs: the whole file would be its header, and give nothing.</summary>
    private static bool HasLoneReturn(string name)
    {
        for (int at = name.IndexOf('\r', StringComparison.Ordinal); at >= 0; at = name.IndexOf('\r', at + 1))
        {
            if (at + 1 == name.Length || name[at + 1] != '\n') return true;
        }

        return false;
    }

    private bool[] FindWanted()
    {
        if (options.Tables.Columns is not { } columns || names.Length == 0) return [.. names.Select(_ => true)];
        string[] missing = [.. columns.Where(column => !names.Contains(column, StringComparer.Ordinal)).Select(column => $"\"{column}\"")];
        if (missing.Length > 0) throw new DataFormatException(path, null, $"there is no column {string.Join(", ", missing)}; found {ColumnList()}.") { EndsFile = true };
        return [.. names.Select(name => columns.Contains(name, StringComparer.Ordinal))];
    }

    private int ReadFields(int most)
    {
        if (records.IsTooLong)
            throw Fault(FormattableString.Invariant($"the record is longer than {options.MaximumRecordBytes} bytes{(records.IsOpen ? ", because a quoted field is not closed" : "")}."));
        return CsvFields.Read(records.Record.Span, separator, most, fields, out int count) is { } fault ? throw Fault(fault) : count;
    }

    private string ColumnList() =>
        string.Join(", ", names.Take(MostNamed).Select(name => $"\"{name}\"")) + (names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "");

    private DataFormatException Fault(string fault) => new(path, records.FirstLine, fault);
}
