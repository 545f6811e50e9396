using LongContext.Data.Examples;
using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>A plain-text file as one record; none where there is nothing but blanks in it.</summary>
internal sealed class WholeTextReader(string path, RecordSourceOptions options) : IRecordReader
{
    private readonly InputBuffer text = new(DataInput.Open(path, options));
    private bool ended;

    public RecordPlace Place => new(ended ? 1 : 0);

    public long BytesRead => text.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken) => ended = place.Number > 0;

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        if (ended) return null;
        text.PassMark(cancellationToken);
        do
        {
            if (text.Available.Length <= options.MaximumRecordBytes) continue;
            ended = true;
            throw new DataFormatException(path, null, FormattableString.Invariant($"the text is longer than {options.MaximumRecordBytes} bytes."));
        }
        while (text.Fill(cancellationToken));

        ended = true;
        return text.Available.IndexOfAnyExcept(" \t\r\n"u8) < 0 ? null
            : PlainText.Parse(text.Available, new RecordOrigin(path, 1) { Unit = PlainText.WholeFile }, firstLine: 1);
    }

    public void Dispose() => text.Dispose();
}
