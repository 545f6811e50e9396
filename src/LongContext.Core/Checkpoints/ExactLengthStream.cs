namespace LongContext.Checkpoints;

/// <summary>Passes one tensor's bytes on and refuses the first byte too many. Write-only; leaves the inner stream open.</summary>
internal sealed class ExactLengthStream : Stream
{
    private readonly Stream _inner;
    private readonly SafetensorsEntry _entry;
    private long _written;

    public ExactLengthStream(Stream inner, SafetensorsEntry entry)
    {
        _inner = inner;
        _entry = entry;
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
        if (buffer.Length > _entry.ByteLength - _written) throw Fault($"more than {_entry.ByteLength}");
        _inner.Write(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Throws unless every byte has come.</summary>
    public void Complete()
    {
        if (_written != _entry.ByteLength) throw Fault($"{_written}");
    }

    public override void Flush()
    {
        // The file is flushed once, at its end.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private InvalidOperationException Fault(string found) =>
        new($"Tensor '{_entry.Name}' wrote {found} bytes, expected {_entry.ByteLength} for shape "
            + $"{TensorShape.ToText(_entry.Shape)} of {_entry.DataType.SafetensorsName()}.");
}
