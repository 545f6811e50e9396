using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Whole numbers of eight bits with a scale for each row.</summary>
internal sealed class Int8Grid(string name, int rows, int columns) : QuantizationGrid(name, rows, columns, Math.Max(1, columns))
{
    private readonly float[] scales = new float[rows];

    public override void Fit(long group, ReadOnlySpan<double> values) => scales[group] = (float)(LargestMagnitude(values) / EightBitWeight.Largest);

    public override byte Code(double value, long group) =>
        scales[group] == 0 ? (byte)0 : (byte)(sbyte)Math.Clamp(Math.Round(value / scales[group]), -EightBitWeight.Largest, EightBitWeight.Largest);

    public override float Value(byte code, long group) => scales[group] * (sbyte)code;

    public override QuantizedWeight Build(byte[] codes, Device device) => new EightBitWeight
    {
        Shape = [Rows, Columns],
        Codes = tensor(MemoryMarshal.Cast<byte, sbyte>(codes).ToArray()).reshape(Rows, Columns).to(device).DetachFromDisposeScope(),
        Factors = tensor(scales).to(device).DetachFromDisposeScope(),
    };
}
