using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// Rows of 16-bit elements in device memory: a token has one or several tensors' heads side by side, as in a projection that gives q, k and v,
/// and after them elements that belong to none. All that is not written is NaN, and what belongs to none must stay so.
/// </summary>
internal sealed class DeviceRows : IDisposable
{
    private const ushort Poison = 0xffff; // NaN in both types
    private readonly AttentionElement element;
    private readonly int tokens, stride;
    private readonly int[] widths;
    private readonly ushort[] image;
    private readonly CudaBuffer buffer;

    public DeviceRows(CudaContext context, AttentionElement element, int tokens, int gap, params int[] widths)
    {
        (this.element, this.tokens, this.widths) = (element, tokens, widths);
        stride = widths.Sum() + gap;
        image = new ushort[Math.Max(8, (tokens * stride) - gap)]; // nothing after the last token: the next byte is out of bounds
        image.AsSpan().Fill(Poison);
        buffer = new CudaBuffer(context, image.Length * sizeof(ushort));
    }

    public AttentionRows this[int tensor] => new(buffer.Address + (Offset(tensor) * sizeof(ushort)), stride);

    public void Set(int tensor, ReadOnlySpan<float> values)
    {
        for (int token = 0; token < tokens; token++)
        {
            for (int i = 0; i < widths[tensor]; i++)
                image[(token * stride) + Offset(tensor) + i] = SixteenBit.Bits(values[(token * widths[tensor]) + i], element);
        }
    }

    public void Upload() => buffer.Upload<ushort>(image);

    public double[] Get(int tensor)
    {
        ushort[] found = buffer.Download<ushort>(image.Length);
        double[] values = new double[tokens * widths[tensor]];
        for (int token = 0; token < tokens; token++)
        {
            for (int i = widths.Sum(); i < stride && (token * stride) + i < found.Length; i++)
                Assert.Equal(Poison, found[(token * stride) + i]); // somebody wrote where nothing belongs
            for (int i = 0; i < widths[tensor]; i++)
                values[(token * widths[tensor]) + i] = SixteenBit.Value(found[(token * stride) + Offset(tensor) + i], element);
        }

        return values;
    }

    public void Dispose() => buffer.Dispose();

    private int Offset(int tensor) => widths.AsSpan(0, tensor).ToArray().Sum();
}
