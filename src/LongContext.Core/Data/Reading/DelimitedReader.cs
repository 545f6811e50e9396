using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>
/// The pieces of a text between a delimiter (the lines of a file, say) as bytes, in memory of one piece's size. Bytes rather than
/// text, so that broken UTF-8 is found in its own piece and JSON is parsed without transcoding.
/// </summary>
internal sealed class DelimitedReader(DataInput input, byte[] delimiter, int maximum) : IDisposable
{
    private readonly InputBuffer text = new(input);
    private int pieceStart, pieceLength, toPass;

    /// <summary>Pieces passed, the one that <see cref="TryRead"/> found last included.</summary>
    public long Number { get; private set; }

    /// <summary>Bytes of the file read.</summary>
    public long BytesRead => text.BytesRead;

    /// <summary>The piece found last, without its delimiter and the byte order mark; valid until the next call. Empty where <see cref="IsTooLong"/>.</summary>
    public ReadOnlySpan<byte> Piece => text.Available.Slice(pieceStart, pieceLength);

    /// <summary>The piece found last was longer than the maximum, and was not kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The place after the piece found last, which is no longer valid.</summary>
    public RecordPlace Place
    {
        get
        {
            PassPiece();
            return text.Place(Number);
        }
    }

    /// <summary>Goes to a place; nothing has been read yet.</summary>
    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        text.MoveTo(place, cancellationToken);
        Number = place.Number;
    }

    /// <summary>Finds the next piece; false at the end. A delimiter at the very end is followed by no further piece.</summary>
    public bool TryRead(CancellationToken cancellationToken)
    {
        PassPiece();
        IsTooLong = false;
        bool isFirst = text.Offset == 0;
        int searched = 0;
        while (true)
        {
            int at = text.Available[searched..].IndexOf(delimiter);
            if (at >= 0 || text.IsAtEnd)
            {
                if (at < 0 && text.Available.IsEmpty && !IsTooLong) return false;
                int length = at < 0 ? text.Available.Length : searched + at;
                Found(length, at < 0 ? 0 : delimiter.Length, isFirst);
                return true;
            }

            // The last bytes may be the beginning of a delimiter.
            searched = Math.Max(0, text.Available.Length - (delimiter.Length - 1));
            if (IsTooLong || text.Available.Length > maximum)
            {
                IsTooLong = true;
                text.Pass(searched);
                searched = 0;
            }

            text.Fill(cancellationToken);
        }
    }

    public void Dispose() => text.Dispose();

    private void Found(int length, int delimiterLength, bool isFirst)
    {
        // A byte order mark is a property of the file, not of its first line.
        int mark = isFirst && !IsTooLong && text.Available[..length].StartsWith("\uFEFF"u8) ? 3 : 0;
        IsTooLong |= length - mark > maximum;
        (pieceStart, pieceLength) = IsTooLong ? (0, 0) : (mark, length - mark);
        toPass = length + delimiterLength;
        Number++;
    }

    private void PassPiece()
    {
        text.Pass(toPass);
        (pieceStart, pieceLength, toPass) = (0, 0, 0);
    }
}
