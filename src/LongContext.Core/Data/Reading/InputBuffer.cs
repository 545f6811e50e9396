using System.Buffers;
using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>The part of a text that is being looked at: what has been read of it and not been passed yet, in a pooled buffer that grows.</summary>
internal sealed class InputBuffer(DataInput input) : IDisposable
{
    private const int BlockSize = 128 * 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int start, filled;

    /// <summary>The byte of the text at which <see cref="Available"/> begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The text is read to its end: what is available is all that is left.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Bytes of the file read.</summary>
    public long BytesRead => input.FilePosition;

    /// <summary>What has been read and not been passed; changes with the next call.</summary>
    public ReadOnlySpan<byte> Available => buffer.AsSpan(start, filled - start);

    /// <summary>The place at <see cref="Offset"/> after so many records.</summary>
    public RecordPlace Place(long number)
    {
        InputFrame frame = input.FrameAt(Offset);
        return new RecordPlace(number, Offset, frame.FileOffset, frame.TextOffset);
    }

    /// <summary>Goes to a place of the text; nothing has been read yet.</summary>
    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        input.MoveTo(place.Offset, place.Frame, cancellationToken);
        Offset = place.Offset;
    }

    /// <summary>Passes bytes that are available.</summary>
    public void Pass(int count)
    {
        start += count;
        Offset += count;
    }

    /// <summary>Reads more behind what is available; false where there is no more.</summary>
    public bool Fill(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsAtEnd) return false;
        MakeRoom();
        int read = input.Read(buffer.AsSpan(filled));
        filled += read;
        IsAtEnd = read == 0;
        return read > 0;
    }

    /// <summary>Passes the byte order mark, if the text begins with one.</summary>
    public void PassMark(CancellationToken cancellationToken)
    {
        if (Offset > 0) return;
        while (Available.Length < 3 && Fill(cancellationToken))
        {
        }

        if (Available.StartsWith("\uFEFF"u8)) Pass(3);
    }

    /// <summary>Passes spaces, tabs and line ends, of any number; false where nothing else is left.</summary>
    public bool PassBlanks(CancellationToken cancellationToken)
    {
        while (true)
        {
            int blanks = Available.IndexOfAnyExcept(" \t\r\n"u8);
            Pass(blanks < 0 ? Available.Length : blanks);
            if (blanks >= 0) return true;
            if (!Fill(cancellationToken)) return false;
        }
    }

    public void Dispose()
    {
        input.Dispose();
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        (start, filled, IsAtEnd) = (0, 0, true);
    }

    private void MakeRoom()
    {
        int kept = filled - start;
        PooledBuffer.MoveToFront(ref buffer, start..filled, grows: kept > buffer.Length - (BlockSize / 2));
        (start, filled) = (0, kept);
    }
}
