using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>JSON lines: an object a line, blank lines passed.</summary>
internal sealed class JsonLinesReader(string path, RecordSourceOptions options) : IRecordReader
{
    private readonly DelimitedReader lines = new(DataInput.Open(path, options), "\n"u8.ToArray(), options.MaximumRecordBytes);

    public RecordPlace Place => lines.Place;

    public long BytesRead => lines.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken) => lines.MoveTo(place, cancellationToken);

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        while (lines.TryRead(cancellationToken))
        {
            if (lines.IsTooLong) throw new DataFormatException(path, lines.Number, FormattableString.Invariant($"the line is longer than {options.MaximumRecordBytes} bytes."));
            ReadOnlySpan<byte> line = lines.Piece;
            if (line.IndexOfAnyExcept(" \t\r"u8) >= 0) return JsonRecords.Parse(line, path, lines.Number, "line");
            cancellationToken.ThrowIfCancellationRequested();
        }

        return null;
    }

    public void Dispose() => lines.Dispose();
}
