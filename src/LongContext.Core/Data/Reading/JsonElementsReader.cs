using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>The elements of a file that is one JSON array, or JSON objects one after the other, in memory of one element's size.</summary>
internal sealed class JsonElementsReader(string path, RecordSourceOptions options, bool isArray) : IRecordReader
{
    private readonly InputBuffer text = new(DataInput.Open(path, options));
    private readonly string unit = isArray ? "element" : "object";
    private long number;
    private bool ended;

    public RecordPlace Place => text.Place(number);

    public long BytesRead => text.BytesRead;

    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        text.MoveTo(place, cancellationToken);
        number = place.Number;
    }

    public DataRecord? Next(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (ended || !FindElement(cancellationToken))
        {
            ended = true;
            return null;
        }

        JsonScanner scanner = default;
        bool isTooLong = false;
        while (!scanner.TryFindEnd(text.Available))
        {
            isTooLong |= text.Available.Length > options.MaximumRecordBytes;
            if (isTooLong)
            {
                text.Pass(scanner.Scanned);
                scanner.Forget();
            }

            if (text.Fill(cancellationToken)) continue;
            if (scanner.IsScalar) break; // it has no end of its own
            throw Broken(number + 1, "the file ends in the middle of it: the file is cut short, or a bracket or quote before is missing.");
        }

        number++;
        try
        {
            return isTooLong || scanner.Scanned > options.MaximumRecordBytes
                ? throw new DataFormatException(path, number, FormattableString.Invariant($"it is longer than {options.MaximumRecordBytes} bytes."), unit: unit)
                : JsonRecords.Parse(text.Available[..scanner.Scanned], path, number, unit);
        }
        finally
        {
            text.Pass(scanner.Scanned);
        }
    }

    public void Dispose() => text.Dispose();

    /// <summary>Passes what stands between elements; false at the end.</summary>
    private bool FindElement(CancellationToken cancellationToken)
    {
        text.PassMark(cancellationToken);
        if (!isArray) return text.PassBlanks(cancellationToken);
        if (number == 0)
        {
            if (Peek(cancellationToken) != '[') throw Broken(null, "expected a JSON array.");
            text.Pass(1);
        }

        int found = Peek(cancellationToken);
        if (found == ']')
        {
            text.Pass(1);
            return text.PassBlanks(cancellationToken) ? throw Broken(null, "something stands behind the end of the JSON array.") : false;
        }

        if (number > 0)
        {
            if (found != ',')
                throw Broken(number, found < 0 ? "the file ends behind it, expected ',' or ']': the file is cut short."
                    : $"behind it stands '{Shown(found)}', expected ',' or ']'.");
            text.Pass(1);
            found = Peek(cancellationToken);
        }

        return found is not (-1 or ']' or ',') ? true
            : throw Broken(number + 1, found < 0 ? "the file ends where it should begin: the file is cut short." : $"found '{(char)found}' where it should begin.");
    }

    /// <summary>The next byte that is no blank; -1 at the end.</summary>
    private int Peek(CancellationToken cancellationToken) => text.PassBlanks(cancellationToken) ? text.Available[0] : -1;

    private DataFormatException Broken(long? element, string fault) => new(path, element, fault, unit: unit) { EndsFile = true };

    private static string Shown(int value) => value is >= 0x20 and < 0x7F ? ((char)value).ToString() : FormattableString.Invariant($"\\x{value:X2}");
}
