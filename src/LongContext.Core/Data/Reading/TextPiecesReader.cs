using System.Text;
using LongContext.Data.Examples;
using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>The lines of a plain-text file, or what stands between a separator; blank pieces are passed.</summary>
internal sealed class TextPiecesReader(string path, RecordSourceOptions options) : IRecordReader
{
    private readonly DelimitedReader pieces = new(
        DataInput.Open(path, options), Encoding.UTF8.GetBytes(options.TextSplitting == TextSplitting.Lines ? "\n" : options.TextSeparator!), options.MaximumRecordBytes);

    private readonly string unit = options.TextSplitting == TextSplitting.Lines ? "line" : "piece";

    public RecordPlace Place => pieces.Place;

    public long BytesRead => pieces.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken) => pieces.MoveTo(place, cancellationToken);

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        while (pieces.TryRead(cancellationToken))
        {
            if (pieces.IsTooLong)
                throw new DataFormatException(path, pieces.Number, FormattableString.Invariant($"it is longer than {options.MaximumRecordBytes} bytes."), unit: unit);
            ReadOnlySpan<byte> piece = pieces.Piece;
            if (options.TextSplitting == TextSplitting.Lines && piece is [.., (byte)'\r']) piece = piece[..^1];
            if (piece.IndexOfAnyExcept(" \t\r\n"u8) >= 0) return PlainText.Parse(piece, new RecordOrigin(path, pieces.Number) { Unit = unit }, firstLine: null);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return null;
    }

    public void Dispose() => pieces.Dispose();
}
