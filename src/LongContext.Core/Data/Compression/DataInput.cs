using LongContext.Data.Reading;

namespace LongContext.Data.Compression;

/// <summary>
/// A file's text as bytes, read from the front, whatever it is compressed with. Says how far it has read, and goes to a place where that
/// can be had without decompressing everything before it.
/// </summary>
internal abstract class DataInput : Stream
{
    /// <summary>Opens a file; whether it is compressed, and how, is told by its first bytes, not by its name.</summary>
    /// <exception cref="DataFormatException">The name says that it is compressed, but it is not.</exception>
    public static DataInput Open(string path, RecordSourceOptions options) => DataInputs.Open(path, options);

    /// <summary>Bytes of text handed out since the text's beginning.</summary>
    public abstract long TextPosition { get; }

    /// <summary>Bytes of the file read.</summary>
    public abstract long FilePosition { get; }

    /// <summary>
    /// The last frame that begins at or before a byte of the text. Asked for places in ascending order, none of them more than what has
    /// been read since the last one was asked for behind <see cref="TextPosition"/>.
    /// </summary>
    public virtual InputFrame FrameAt(long textOffset) => default;

    /// <summary>Goes to a byte of the text, by way of the frame that holds it.</summary>
    /// <exception cref="DataFormatException">The text ends before it.</exception>
    public abstract void MoveTo(long textOffset, InputFrame frame, CancellationToken cancellationToken);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => TextPosition; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public abstract override int Read(Span<byte> buffer);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
