using System.Buffers;
using LongContext.Data.Examples;
using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>The runs of lines of a plain-text file that have no blank line among them, each numbered by its first line.</summary>
internal sealed class ParagraphsReader(string path, RecordSourceOptions options) : IRecordReader
{
    private readonly DelimitedReader lines = new(DataInput.Open(path, options), "\n"u8.ToArray(), options.MaximumRecordBytes);
    private readonly ArrayBufferWriter<byte> paragraph = new();

    public RecordPlace Place => lines.Place;

    public long BytesRead => lines.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken) => lines.MoveTo(place, cancellationToken);

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        paragraph.ResetWrittenCount();
        long first = 0;
        bool isTooLong = false;
        while (lines.TryRead(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> line = lines.Piece;
            bool isBlank = !lines.IsTooLong && line.IndexOfAnyExcept(" \t\r"u8) < 0;
            if (isBlank && first > 0) break;
            if (isBlank) continue;
            if (first == 0) first = lines.Number;
            isTooLong |= lines.IsTooLong || (long)paragraph.WrittenCount + line.Length >= options.MaximumRecordBytes;
            if (isTooLong) continue;
            if (paragraph.WrittenCount > 0) paragraph.Write("\n"u8);
            paragraph.Write(line);
        }

        if (first == 0) return null;
        if (isTooLong)
            throw new DataFormatException(path, first, FormattableString.Invariant($"the paragraph that begins here is longer than {options.MaximumRecordBytes} bytes."));
        ReadOnlySpan<byte> text = paragraph.WrittenSpan;
        return PlainText.Parse(text is [.., (byte)'\r'] ? text[..^1] : text, new RecordOrigin(path, first), first);
    }

    public void Dispose() => lines.Dispose();
}
