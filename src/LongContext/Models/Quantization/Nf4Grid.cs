using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>4-bit NormalFloat in blocks of 64, over rows' ends where rows are no multiple of that.</summary>
internal sealed class Nf4Grid(string name, int rows, int columns, bool doubleQuantized)
    : QuantizationGrid(name, rows, columns, Nf4Rows.BlockSize, runsOverRows: columns % Nf4Rows.BlockSize != 0)
{
    private readonly float[] magnitudes = new float[checked((int)((((long)rows * columns) + Nf4Rows.BlockSize - 1) / Nf4Rows.BlockSize))];

    public override void Fit(long group, ReadOnlySpan<double> values) => magnitudes[group] = (float)LargestMagnitude(values);

    public override byte Code(double value, long group)
    {
        if (magnitudes[group] == 0) return Nf4Rows.ZeroCode;
        float scaled = (float)(value / magnitudes[group]);
        int below = Array.BinarySearch(Nf4Codebook.Borders, scaled);
        return (byte)(below >= 0 ? below : ~below);
    }

    public override float Value(byte code, long group) => Nf4Codebook.Values[code] * magnitudes[group];

    public override QuantizedWeight Build(byte[] codes, Device device)
    {
        int blocks = magnitudes.Length;
        var packed = new byte[blocks * (Nf4Rows.BlockSize / 2)];
        for (long i = 0; i < packed.LongLength; i++) packed[i] = (byte)((CodeAt(2 * i) << 4) | CodeAt((2 * i) + 1));
        long[] shape = RunsOverRows ? [blocks, Nf4Rows.BlockSize] : [Rows, Columns];
        var weight = new Nf4Weight
        {
            Shape = shape,
            Codes = tensor(packed).reshape(shape[0], shape[1] / 2).to(device).DetachFromDisposeScope(),
            Magnitudes = doubleQuantized ? Nf4Magnitudes.Quantized(magnitudes, device) : Nf4Magnitudes.Plain(magnitudes, device),
            Pairs = tensor(Nf4Codebook.Pairs).reshape(256, 2).to(device).DetachFromDisposeScope(),
        };
        return RunsOverRows ? new Nf4FlatWeight { Shape = [Rows, Columns], Codes = weight.Codes, Blocks = weight } : weight;

        int CodeAt(long element) => element < codes.LongLength ? codes[element] : Nf4Rows.ZeroCode;
    }
}
