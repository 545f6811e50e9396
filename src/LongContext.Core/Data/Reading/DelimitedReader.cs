using System.Buffers;
using LongContext.Data.Reading.Compression;

namespace LongContext.Data.Reading;

/// <summary>
/// The pieces of a text between a delimiter (the lines of a file, say) as bytes, in memory of one piece's size. Bytes rather than
/// text, so that broken UTF-8 is found in its own piece and JSON is parsed without transcoding.
/// </summary>
internal sealed class DelimitedReader : IDisposable
{
    private const int BlockSize = 128 * 1024;

    private readonly DataInput input;
    private readonly byte[] delimiter;
    private readonly int maximum;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int start, filled;
    private bool ended;

    public DelimitedReader(DataInput input, byte[] delimiter, int maximum)
    {
        this.input = input;
        this.delimiter = delimiter;
        this.maximum = maximum;
    }

    /// <summary>Pieces passed.</summary>
    public long Number { get; private set; }

    /// <summary>The byte of the text at which the next piece begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The piece that <see cref="TryRead"/> found, without its delimiter; valid until the next call. Empty where <see cref="IsTooLong"/>.</summary>
    public ReadOnlyMemory<byte> Piece { get; private set; }

    /// <summary>The piece was longer than the maximum, so that it was passed without being kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Bytes of the file read.</summary>
    public long BytesRead => input.FilePosition;

    public RecordPlace Place
    {
        get
        {
            InputFrame frame = input.FrameAt(Offset);
            return new RecordPlace(Number, Offset, frame.FileOffset, frame.TextOffset);
        }
    }

    /// <summary>Goes to a place; nothing has been read yet.</summary>
    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        input.MoveTo(place.Offset, place.Frame, cancellationToken);
        (Number, Offset) = (place.Number, place.Offset);
    }

    /// <summary>Finds the next piece; false at the end. A delimiter at the very end is followed by no further piece.</summary>
    public bool TryRead(CancellationToken cancellationToken)
    {
        Piece = default;
        IsTooLong = false;
        long passed = 0; // bytes of a piece too long to keep, no longer in the buffer
        int searched = start;
        while (true)
        {
            if (buffer.AsSpan(searched, filled - searched).IndexOf(delimiter) is >= 0 and var at)
            {
                Take(searched + at, delimiter.Length, passed);
                return true;
            }

            if (ended)
            {
                if (filled == start && passed == 0) return false;
                Take(filled, 0, passed);
                return true;
            }

            cancellationToken.ThrowIfCancellationRequested();
            // The last bytes may be the beginning of a delimiter.
            searched = Math.Max(start, filled - (delimiter.Length - 1));
            if (filled - start > maximum)
            {
                IsTooLong = true;
                passed += searched - start;
                start = searched;
            }

            searched -= MakeRoom();
            int read = input.Read(buffer.AsSpan(filled));
            filled += read;
            ended = read == 0;
        }
    }

    public void Dispose()
    {
        input.Dispose();
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        (start, filled, ended) = (0, 0, true);
    }

    private void Take(int end, int delimiterLength, long passed)
    {
        int length = end - start;
        IsTooLong |= length > maximum;
        if (!IsTooLong)
        {
            // A byte order mark is a property of the file, not of its first line.
            int mark = Offset == 0 && buffer.AsSpan(start, length).StartsWith("\uFEFF"u8) ? 3 : 0;
            Piece = buffer.AsMemory(start + mark, length - mark);
        }

        Number++;
        Offset += passed + length + delimiterLength;
        start = end + delimiterLength;
    }

    /// <summary>Makes room behind what is filled; gives how far what is there was moved to the front.</summary>
    private int MakeRoom()
    {
        int moved = start, kept = filled - start;
        if (kept > buffer.Length / 2)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, 2L * buffer.Length));
            buffer.AsSpan(start, kept).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else if (kept > 0)
        {
            buffer.AsSpan(start, kept).CopyTo(buffer);
        }

        (start, filled) = (0, kept);
        return moved;
    }
}
