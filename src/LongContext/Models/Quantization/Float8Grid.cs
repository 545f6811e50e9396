using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>8-bit floats (e4m3) with a scale for each row: the row's largest magnitude is the type's largest value.</summary>
internal sealed class Float8Grid(string name, int rows, int columns) : QuantizationGrid(name, rows, columns, Math.Max(1, columns))
{
    private readonly float[] scales = new float[rows];

    public override void Fit(long group, ReadOnlySpan<double> values) => scales[group] = (float)(LargestMagnitude(values) / Float8Weight.Largest);

    public override byte Code(double value, long group) => scales[group] == 0 ? (byte)0 : Float8E4M3.FromSingle((float)(value / scales[group]));

    public override float Value(byte code, long group) => Float8E4M3.ToSingle(code) * scales[group];

    public override QuantizedWeight Build(byte[] codes, Device device) => new Float8Weight
    {
        Shape = [Rows, Columns],
        Codes = tensor(codes).reshape(Rows, Columns).to(device).DetachFromDisposeScope(),
        Factors = tensor(scales).to(device).DetachFromDisposeScope(),
    };
}
