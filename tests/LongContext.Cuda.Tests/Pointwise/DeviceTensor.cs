using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>
/// Rows in device memory that begin <c>offset</c> elements after the buffer's start and end where the buffer ends, so that what is read or
/// written beyond is found. What lies between rows is NaN and must stay so.
/// </summary>
internal sealed class DeviceTensor : IDisposable
{
    private const byte Poison = 0xFF; // NaN in every type
    private readonly ElementType type;
    private readonly int rows;
    private readonly int columns;
    private readonly int stride;
    private readonly int offset;
    private readonly CudaBuffer buffer;

    public DeviceTensor(CudaContext context, ElementType type, int rows, int columns, int stride = 0, int offset = 0)
    {
        (this.type, this.rows, this.columns, this.offset) = (type, rows, columns, offset);
        this.stride = stride == 0 ? columns : stride;
        Length = rows == 0 ? offset + 1 : offset + ((rows - 1) * this.stride) + columns;
        buffer = new CudaBuffer(context, (long)Length * type.Bytes());
        buffer.Fill(Poison);
    }

    /// <summary>Elements of the buffer.</summary>
    public int Length { get; }

    public nint Address => buffer.Address + (offset * type.Bytes());

    public RowTensor Rows => new(Address, stride);

    /// <summary>A tensor with values.</summary>
    public static DeviceTensor Of(CudaContext context, ElementType type, double[] values, int columns, int stride = 0, int offset = 0)
    {
        var tensor = new DeviceTensor(context, type, columns == 0 ? 0 : values.Length / columns, columns, stride, offset);
        tensor.Set(values);
        return tensor;
    }

    /// <summary>Columns of each row, as a tensor of its own.</summary>
    public RowTensor Slice(int firstColumn) => new(Address + (firstColumn * type.Bytes()), stride);

    /// <summary>Writes all values, rounded to the type.</summary>
    public void Set(double[] values)
    {
        var bytes = new byte[Length * type.Bytes()];
        bytes.AsSpan().Fill(Poison);
        for (int i = 0; i < values.Length; i++) Elements.Write(type, values[i], bytes.AsSpan(At(i) * type.Bytes()));
        buffer.Upload<byte>(bytes);
    }

    /// <summary>All values; fails where something was written between them.</summary>
    public double[] Get()
    {
        byte[] bytes = buffer.Download<byte>(Length * type.Bytes());
        var values = new double[rows * columns];
        var own = new bool[Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Elements.Read(type, bytes.AsSpan(At(i) * type.Bytes()));
            own[At(i)] = true;
        }

        for (int i = 0; i < Length; i++)
        {
            if (own[i]) continue;
            Assert.True(bytes.AsSpan(i * type.Bytes(), type.Bytes()).IndexOfAnyExcept(Poison) < 0, $"element {i} lies outside the rows and was written");
        }

        return values;
    }

    public void Dispose() => buffer.Dispose();

    private int At(int i) => offset + (i / columns * stride) + (i % columns);
}
