namespace LongContext.Data.Reading.Compression;

/// <summary>A file as it is.</summary>
internal sealed class PlainInput(string path, FileStream file) : DataInput
{
    private long position;

    public override long TextPosition => position;

    public override long FilePosition => position;

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file.SafeFileHandle, buffer, position);
        position += read;
        return read;
    }

    public override void MoveTo(long textOffset, InputFrame frame, CancellationToken cancellationToken)
    {
        if (textOffset > file.Length) throw Faults.EndsBefore(path, file.Length, textOffset);
        position = textOffset;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
