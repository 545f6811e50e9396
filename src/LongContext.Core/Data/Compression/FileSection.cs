using Microsoft.Win32.SafeHandles;

namespace LongContext.Data.Compression;

/// <summary>
/// A file from a byte on up to the length that it had, for <see cref="System.IO.Compression.DeflateStream"/>, which reads further than its data goes and does not say
/// how far they went: remembers where its last two reads began.
/// </summary>
internal sealed class FileSection(string path, SafeFileHandle file, long begin, long end) : Stream
{
    /// <summary>The byte of the file that is read next.</summary>
    public long FilePosition { get; private set; } = begin;

    /// <summary>The byte of the file at which the last read but one began: data that have ended end behind it.</summary>
    public long EarlierRead { get; private set; } = begin;

    private long lastRead = begin;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => FilePosition; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, Math.Max(0, end - FilePosition))];
        int read = buffer.IsEmpty ? 0 : RandomAccess.Read(file, buffer, FilePosition);
        if (read == 0 && !buffer.IsEmpty) throw Faults.Shrunk(path, FilePosition, end);
        if (read > 0)
        {
            (EarlierRead, lastRead) = (lastRead, FilePosition);
            FilePosition += read;
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
