using System.Buffers;
using LongContext.Data.Compression;
using LongContext.Data.Reading;

namespace LongContext.Data.Tables;

/// <summary>
/// The records of CSV (RFC 4180) as bytes, in memory of one record's size: a line feed ends a record unless it stands in a quoted field. Works on bytes, since separator,
/// quote and line feed are never part of another character in UTF-8: so a record's place in the file is known, and broken UTF-8 is found in its own record.
/// </summary>
internal sealed class CsvSplitter(DataInput input, byte separator, int maximum) : IDisposable
{
    private const int BlockSize = 128 * 1024;
    private const byte Quote = (byte)'"';

    private enum State
    {
        FieldStart,
        Plain,
        Quoted,
        QuoteInQuoted,
    }

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int start, filled;
    private bool ended;

    /// <summary>Lines passed; the next record begins at this number plus 1.</summary>
    public long Lines { get; private set; }

    /// <summary>The byte of the text at which the next record begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The line at which the record begins.</summary>
    public long FirstLine { get; private set; }

    /// <summary>The record without its line end; valid until the next call. Empty where <see cref="IsTooLong"/>.</summary>
    public ReadOnlyMemory<byte> Record { get; private set; }

    /// <summary>The record was longer than the maximum and was passed without being kept.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The file ended within a quoted field.</summary>
    public bool IsOpen { get; private set; }

    public long BytesRead => input.FilePosition;

    public RecordPlace Place
    {
        get
        {
            InputFrame frame = input.FrameAt(Offset);
            return new RecordPlace(Lines, Offset, frame.FileOffset, frame.TextOffset);
        }
    }

    /// <summary>Goes to a place; nothing has been read yet.</summary>
    public void MoveTo(RecordPlace place, CancellationToken cancellationToken)
    {
        input.MoveTo(place.Offset, place.Frame, cancellationToken);
        (Lines, Offset) = (place.Number, place.Offset);
    }

    /// <summary>Finds the next record; false at the end.</summary>
    public bool TryRead(CancellationToken cancellationToken)
    {
        Record = default;
        IsTooLong = IsOpen = false;
        FirstLine = Lines + 1;
        State state = State.FieldStart;
        long passed = 0, lines = 0; // of a record too long to keep: no longer in the buffer
        int searched = start;
        if (Offset == 0 && !SkipByteOrderMark(ref searched)) return false;
        while (true)
        {
            int end = Scan(buffer.AsSpan(0, filled), ref searched, ref state);
            if (end >= 0 || ended)
            {
                if (end < 0 && filled == start && passed == 0) return false;
                IsOpen = end < 0 && state == State.Quoted;
                Take(end < 0 ? filled : end, passed, lines);
                return true;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (filled - start > maximum)
            {
                IsTooLong = true;
                passed += filled - start;
                lines += buffer.AsSpan(start, filled - start).Count((byte)'\n');
                start = filled;
            }

            searched -= MakeRoom();
            Fill();
        }
    }

    public void Dispose()
    {
        input.Dispose();
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        (start, filled, ended) = (0, 0, true);
    }

    /// <summary>Goes on from where the last call stopped; gives the place behind the line feed that ends the record, or −1.</summary>
    private int Scan(ReadOnlySpan<byte> bytes, ref int at, ref State state)
    {
        while (at < bytes.Length)
        {
            switch (state)
            {
                case State.FieldStart:
                    state = bytes[at] == Quote ? State.Quoted : State.Plain;
                    if (state == State.Quoted) at++;
                    break;
                case State.Plain:
                    int next = bytes[at..].IndexOfAny(separator, (byte)'\n');
                    at = next < 0 ? bytes.Length : at + next + 1;
                    if (next < 0) break;
                    if (bytes[at - 1] == '\n') return at;
                    state = State.FieldStart;
                    break;
                case State.Quoted:
                    int quote = bytes[at..].IndexOf(Quote);
                    at = quote < 0 ? bytes.Length : at + quote + 1;
                    if (quote >= 0) state = State.QuoteInQuoted;
                    break;
                default:
                    state = bytes[at] == Quote ? State.Quoted : State.Plain;
                    if (state == State.Quoted) at++;
                    break;
            }
        }

        return -1;
    }

    private void Take(int end, long passed, long lines)
    {
        ReadOnlySpan<byte> taken = buffer.AsSpan(start, end - start);
        Lines += lines + taken.Count((byte)'\n') + (taken.EndsWith("\n"u8) ? 0 : 1);
        Offset += passed + taken.Length;
        int length = taken.EndsWith("\r\n"u8) ? taken.Length - 2 : taken.EndsWith("\n"u8) ? taken.Length - 1 : taken.Length;
        IsTooLong |= length > maximum;
        if (!IsTooLong) Record = buffer.AsMemory(start, length);
        start = end;
    }

    /// <summary>A byte order mark is a property of the file; false if there is nothing else in it.</summary>
    private bool SkipByteOrderMark(ref int searched)
    {
        while (!ended && filled < 3) Fill();
        if (buffer.AsSpan(0, filled).StartsWith("\uFEFF"u8)) (start, Offset) = (3, 3);
        searched = start;
        return filled > start || !ended;
    }

    private void Fill()
    {
        int read = input.Read(buffer.AsSpan(filled));
        filled += read;
        ended = read == 0;
    }

    /// <summary>Makes room behind what is filled; gives how far what is there was moved to the front.</summary>
    private int MakeRoom()
    {
        int moved = start, kept = filled - start;
        PooledBuffer.MoveToFront(ref buffer, start..filled, grows: kept > buffer.Length / 2);
        (start, filled) = (0, kept);
        return moved;
    }
}
