using System.Buffers.Binary;
using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Data.Columnar;

/// <summary>The rows of a Parquet file, in memory of one page and one dictionary of each column that is wanted.</summary>
/// <remarks>
/// The package Parquet.Net was tried and not taken (6.1.0): it reads whole column chunks, so that a row group of long texts must fit in memory; and of
/// the files in tests/Fixtures/parquet it reads neither lists in data pages of the second kind nor dates and decimals in DELTA_BINARY_PACKED.
/// </remarks>
internal sealed class ParquetRecordReader : IRecordReader
{
    private const int TailLength = 8, LongestFooter = 100_000_000; // what Arrow takes too
    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    private readonly string path;
    private readonly RecordSourceOptions options;
    private readonly SafeFileHandle file;
    private readonly ParquetFooter footer;
    private readonly RecordAssembler assembler;
    private readonly List<ParquetNode> leaves = [];
    private readonly long dataEnd;
    private readonly RowBudget row;
    private ColumnPages[] pages = [];
    private ColumnCursor[] columns = [];
    private int group = -1;
    private long leftInGroup;
    private long rows;
    private long bytesBefore;
    private DataFormatException? broken;

    public ParquetRecordReader(string path, RecordSourceOptions options)
    {
        this.path = path;
        this.options = options;
        row = new RowBudget(options.MaximumRecordBytes);
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        try
        {
            footer = ReadFooter(out dataEnd);
            assembler = new RecordAssembler(ParquetNode.Build(footer.Schema, options.Tables.Columns, leaves));
        }
        catch (ParquetFault fault)
        {
            file.Dispose();
            throw Broken(fault);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public RecordPlace Place => new(rows, Math.Max(group, 0));

    public long BytesRead => bytesBefore + pages.Sum(column => column.BytesRead);

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        try
        {
            long left = place.Number;
            while (left > 0)
            {
                if (!NextGroup()) throw new ParquetFault($"the file has {rows} rows, expected more than {place.Number - 1}, where reading is to go on");
                long passed = Math.Min(left, leftInGroup);
                left -= passed;
                // Whole groups are passed without a look.
                if (passed == leftInGroup) (rows, leftInGroup) = (rows + passed, 0);
                else SkipRows(passed, cancellationToken);
            }
        }
        catch (ParquetFault fault)
        {
            throw broken = Broken(fault);
        }
    }

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (broken is not null) throw broken;
        try
        {
            while (leftInGroup == 0)
            {
                if (!NextGroup()) return null;
            }

            OpenColumns();
            string? fault = null;
            row.Begin();
            for (int i = 0; i < columns.Length; i++)
                fault = columns[i].ReadRow(assembler.Entries[i], keeps: !row.IsExceeded, cancellationToken) is { } wrong ? fault ?? wrong : fault;
            if (row.IsExceeded) fault = FormattableString.Invariant($"the row takes more than {options.MaximumRecordBytes} bytes (MaximumRecordBytes).");
            JsonObject? record = row.IsExceeded ? null : assembler.Assemble();
            rows++;
            leftInGroup--;
            return record is not null && fault is null ? new DataRecord(new RecordOrigin(path, rows) { Unit = "row" }, record)
                : throw new DataFormatException(path, rows, fault!, unit: "row");
        }
        catch (ParquetFault fault)
        {
            throw broken = Broken(fault);
        }
    }

    public void Dispose() => file.Dispose();

    private void SkipRows(long count, CancellationToken cancellationToken)
    {
        OpenColumns();
        for (long passed = 0; passed < count; passed++)
        {
            if ((passed & 1023) == 0) cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < columns.Length; i++) columns[i].ReadRow(assembler.Entries[i], keeps: false, cancellationToken);
        }

        rows += count;
        leftInGroup -= count;
    }

    private bool NextGroup()
    {
        bytesBefore += pages.Sum(column => column.BytesRead);
        (pages, columns) = ([], []);
        if (group + 1 >= footer.RowGroups.Count) return false;
        group++;
        leftInGroup = footer.RowGroups[group].Rows;
        return true;
    }

    private void OpenColumns()
    {
        if (columns.Length > 0) return;
        // Columns are found by their paths, not by their places: some writers leave out what is all null.
        Dictionary<string, ColumnChunk> chunks = new(StringComparer.Ordinal);
        foreach (ColumnChunk chunk in footer.RowGroups[group].Columns) chunks[chunk.Path] = chunk;
        PageBudget budget = new(2L * options.MaximumRecordBytes);
        pages = [.. leaves.Select(leaf => new ColumnPages(file, Check(leaf, chunks.GetValueOrDefault(leaf.Path)), dataEnd, options, budget))];
        columns = [.. leaves.Zip(pages, (leaf, column) => new ColumnCursor(leaf, column, chunks[leaf.Path].Values, row))];
    }

    private ColumnChunk Check(ParquetNode leaf, ColumnChunk? chunk)
    {
        string name = leaf.Path.Replace('\0', '.');
        if (chunk is null) throw new ParquetFault($"row group {group} has no column \"{name}\"");
        if (chunk.File is { Length: > 0 }) throw new ParquetFault($"the column \"{name}\" lies in another file ({chunk.File}), which is not supported");
        if (chunk.IsEncrypted) throw new ParquetFault($"the column \"{name}\" is encrypted");
        if (chunk.Type != (int)leaf.Element.Type!.Value)
            throw new ParquetFault($"the column \"{name}\" is of the type {leaf.Element.Type} in the schema and of {(PhysicalType)chunk.Type} in row group {group}");
        if (chunk.Values < 0) throw new ParquetFault($"the column \"{name}\" says it has {chunk.Values} values");
        if (chunk.DataOffset < 4 || chunk.DataOffset >= dataEnd || chunk.DictionaryOffset < 0)
            throw new ParquetFault($"the column \"{name}\" lies at byte {chunk.DataOffset} of data that end at {dataEnd}");
        return chunk;
    }

    private ParquetFooter ReadFooter(out long end)
    {
        long length = RandomAccess.GetLength(file);
        byte[] head = Read(0, (int)Math.Min(length, Magic.Length)), tail = Read(Math.Max(0, length - TailLength), (int)Math.Min(length, TailLength));
        if (tail.AsSpan().EndsWith("PARE"u8)) throw new ParquetFault("the file is encrypted, which is not supported");
        if (length < TailLength + Magic.Length || !head.AsSpan().SequenceEqual(Magic) || !tail.AsSpan().EndsWith(Magic))
            throw new ParquetFault("the file is no Parquet file or is cut off: it does not begin and end with \"PAR1\"");
        int size = BinaryPrimitives.ReadInt32LittleEndian(tail);
        end = length - TailLength - size;
        if (size is <= 0 or > LongestFooter || end < Magic.Length) throw new ParquetFault($"the footer says it has {size} bytes, in a file of {length}");
        try
        {
            return ParquetFooter.Read(Read(end, size));
        }
        catch (ParquetFault fault)
        {
            throw new ParquetFault($"the footer is damaged: {fault.Message}", fault);
        }
    }

    private byte[] Read(long at, int length)
    {
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < length && RandomAccess.Read(file, bytes.AsSpan(filled), at + filled) is > 0 and var read) filled += read;
        return filled == length ? bytes : throw new IOException($"{path} has become shorter while it was read.");
    }

    private DataFormatException Broken(ParquetFault fault) => new(path, rows > 0 ? rows + 1 : null, fault.Message + ".", fault, "row") { EndsFile = true };
}
