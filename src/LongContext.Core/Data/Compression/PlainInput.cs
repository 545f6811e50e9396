namespace LongContext.Data.Compression;

/// <summary>A file as it is, up to the length that it had when it was opened: what is written behind that is no part of the data.</summary>
internal sealed class PlainInput(string path, FileStream file) : DataInput
{
    private readonly long length = file.Length;
    private long position;

    public override long TextPosition => position;

    public override long FilePosition => position;

    public override int Read(Span<byte> buffer)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, length - position)];
        if (buffer.IsEmpty) return 0;
        int read = RandomAccess.Read(file.SafeFileHandle, buffer, position);
        if (read == 0) throw Faults.Shrunk(path, position, length);
        position += read;
        return read;
    }

    public override void MoveTo(long textOffset, InputFrame frame, CancellationToken cancellationToken)
    {
        if (textOffset > length) throw Faults.EndsBefore(path, length, textOffset);
        position = textOffset;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
