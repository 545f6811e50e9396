using System.Buffers;

namespace LongContext.Data.Compression;

/// <summary>
/// What the inputs of compressed files share: reaching a place by way of its frame, and the length that the file had when it was opened: what is written behind that is no
/// part of the data.
/// </summary>
internal abstract class CompressedInput(string path, FileStream file) : DataInput
{
    private long text;

    public sealed override long TextPosition => text;

    protected string FilePath => path;

    protected FileStream File => file;

    /// <summary>Bytes of the file when it was opened.</summary>
    protected long FileLength { get; } = file.Length;

    protected FrameList Frames { get; } = new();

    public sealed override InputFrame FrameAt(long textOffset) => Frames.At(textOffset);

    public sealed override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        int read = Decompress(buffer);
        text += read;
        return read;
    }

    public sealed override void MoveTo(long textOffset, InputFrame frame, CancellationToken cancellationToken)
    {
        if (frame.FileOffset < 0 || frame.FileOffset > FileLength || frame.TextOffset < 0 || frame.TextOffset > textOffset)
            throw Faults.Broken(
                path, FormattableString.Invariant($"byte {frame.FileOffset} of its {FileLength} is not where a compressed frame can begin: the place is of another file."));
        Begin(frame.FileOffset);
        Frames.Reset(frame);
        text = frame.TextOffset;
        byte[] passed = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (text < textOffset)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Read(passed.AsSpan(0, (int)Math.Min(passed.Length, textOffset - text))) == 0) throw Faults.EndsBefore(path, text, textOffset);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(passed);
        }
    }

    /// <summary>Gives some more text; 0 at the end alone.</summary>
    protected abstract int Decompress(Span<byte> buffer);

    /// <summary>Begins at a byte of the file at which a frame begins.</summary>
    protected abstract void Begin(long fileOffset);

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
