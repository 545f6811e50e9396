using System.Buffers;
using System.Numerics;
using ZstdSharp.Unsafe;

namespace LongContext.Data.Compression;

/// <summary>A zstd file (RFC 8878): any number of frames, those that are to be skipped included.</summary>
/// <remarks>The decoder's own functions are called, because the wrapper around them goes from one frame to the next unsaid.</remarks>
internal sealed unsafe class ZstdInput : CompressedInput
{
    private const int BlockSize = 128 * 1024;

    private readonly long maximumWindow;
    private ZSTD_DCtx_s* decoder;
    private byte[] compressed = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int start, filled;
    private long fileEnd; // the byte of the file after what is in the buffer
    private bool inFrame;

    public ZstdInput(string path, FileStream file, long maximumWindow)
        : base(path, file)
    {
        this.maximumWindow = maximumWindow;
        decoder = Methods.ZSTD_createDCtx();
        if (decoder is null) throw new InsufficientMemoryException("There is no memory for a zstd decoder.");
        Methods.ZSTD_DCtx_setParameter(decoder, ZSTD_dParameter.ZSTD_d_windowLogMax, BitOperations.Log2((ulong)maximumWindow));
    }

    ~ZstdInput() => Dispose(disposing: false);

    public override long FilePosition => fileEnd - (filled - start);

    protected override int Decompress(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(decoder is null, this);
        while (true)
        {
            if (start == filled)
            {
                start = 0;
                int left = (int)Math.Min(BlockSize, FileLength - fileEnd);
                filled = left == 0 ? 0 : RandomAccess.Read(File.SafeFileHandle, compressed.AsSpan(0, left), fileEnd);
                if (filled == 0 && left > 0) throw Faults.Shrunk(FilePath, fileEnd, FileLength);
                fileEnd += filled;
                if (filled == 0 && !inFrame) return 0;
            }

            if (!inFrame) Frames.Add(new InputFrame(FilePosition, TextPosition));
            int written = Step(buffer);
            if (written > 0) return written;
            // The decoder may hold text back that had no room; a cut frame is one that gives none for no data.
            if (filled == 0 && inFrame)
                throw Faults.Broken(FilePath, FormattableString.Invariant($"the zstd file is cut short: it ends after {fileEnd} bytes in the middle of a frame."));
        }
    }

    protected override void Begin(long fileOffset)
    {
        Methods.ZSTD_DCtx_reset(decoder, ZSTD_ResetDirective.ZSTD_reset_session_only);
        (start, filled, fileEnd, inFrame) = (0, 0, fileOffset, false);
    }

    protected override void Dispose(bool disposing)
    {
        if (decoder is not null) Methods.ZSTD_freeDCtx(decoder);
        decoder = null;
        if (disposing)
        {
            if (compressed.Length > 0) ArrayPool<byte>.Shared.Return(compressed);
            compressed = [];
        }

        base.Dispose(disposing);
    }

    private int Step(Span<byte> buffer)
    {
        nuint hint;
        ZSTD_inBuffer_s input = default;
        ZSTD_outBuffer_s output = default;
        fixed (byte* source = compressed, target = buffer)
        {
            input.src = source + start;
            input.size = (nuint)(filled - start);
            output.dst = target;
            output.size = (nuint)buffer.Length;
            hint = Methods.ZSTD_decompressStream(decoder, &output, &input);
        }

        if (Methods.ZSTD_isError(hint)) throw Damaged(hint);
        start += (int)input.pos;
        inFrame = hint != 0;
        return (int)output.pos;
    }

    /// <exception cref="OutOfMemoryException">It is no fault of the data.</exception>
    private DataFormatException Damaged(nuint result) => Faults.Broken(FilePath, Methods.ZSTD_getErrorCode(result) switch
    {
        ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge => FormattableString.Invariant(
            $"the zstd frame near byte {FilePosition} asks for a window of more than the {maximumWindow} bytes that RecordSourceOptions.MaximumZstdWindow allows."),
        ZSTD_ErrorCode.ZSTD_error_memory_allocation => throw new InsufficientMemoryException($"There is no memory for the window of {FilePath}."),
        _ => FormattableString.Invariant(
            $"the zstd data are damaged near byte {FilePosition} of {FileLength} ({Methods.ZSTD_getErrorName(result)}); {TextPosition} bytes of text were read before."),
    });
}
