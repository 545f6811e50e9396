namespace LongContext.Checkpoints;

/// <summary>Passes one tensor's bytes on and refuses the first byte too many. Write-only; leaves the inner stream open.</summary>
internal sealed class ExactLengthStream : Stream
{
    private readonly Stream _inner;
    private readonly long _length;
    private readonly string _what;
    private readonly string _form;
    private long _written;

    /// <param name="inner">Where the bytes go.</param>
    /// <param name="length">How many there must be.</param>
    /// <param name="what">What is written, such as "Tensor 'w'", for complaints.</param>
    /// <param name="form">What the length follows from, such as "shape [2] of F32".</param>
    public ExactLengthStream(Stream inner, long length, string what, string form)
    {
        _inner = inner;
        _length = length;
        _what = what;
        _form = form;
    }

    public ExactLengthStream(Stream inner, SafetensorsEntry entry)
        : this(inner, entry.ByteLength, $"Tensor '{entry.Name}'", $"shape {TensorShape.ToText(entry.Shape)} of {entry.DataType.SafetensorsName()}")
    {
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > _length - _written) throw Fault($"more than {_length}");
        _inner.Write(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Throws unless every byte has come.</summary>
    public void Complete()
    {
        if (_written != _length) throw Fault($"{_written}");
    }

    public override void Flush()
    {
        // The file is flushed once, at its end.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private InvalidOperationException Fault(string found) => new($"{_what} wrote {found} bytes, expected {_length} for {_form}.");
}
