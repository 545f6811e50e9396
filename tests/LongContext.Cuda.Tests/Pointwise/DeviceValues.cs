using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>Plain values in device memory, <c>offset</c> of them after the buffer's start.</summary>
internal sealed class DeviceValues<T> : IDisposable
    where T : unmanaged
{
    private readonly CudaBuffer buffer;
    private readonly int offset;

    public unsafe DeviceValues(CudaContext context, T[] values, int offset = 0)
    {
        (this.offset, Count) = (offset, values.Length);
        buffer = new CudaBuffer(context, Math.Max(1, (values.Length + offset) * sizeof(T)));
        buffer.Fill(0xFF);
        buffer.Upload<T>((T[])[.. new T[offset], .. values]);
        Address = buffer.Address + (offset * sizeof(T));
    }

    public int Count { get; }

    public nint Address { get; }

    public T[] Get() => buffer.Download<T>(Count + offset)[offset..];

    public void Dispose() => buffer.Dispose();
}
