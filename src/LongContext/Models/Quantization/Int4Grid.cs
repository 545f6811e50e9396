using LongContext.Checkpoints.Quantization;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// Whole numbers of four bits in groups. Scales are numbers that float16 holds, since that is what files of GPTQ keep; zero points are 1 to 15, since
/// the first form of those files, which all programs read, has no place for 0.
/// </summary>
internal sealed class Int4Grid(string name, int rows, int columns, int groupSize, bool symmetric) : QuantizationGrid(name, rows, columns, groupSize)
{
    private const int LargestCode = 15;

    private readonly float[] scales = new float[checked(rows * ((columns + groupSize - 1) / groupSize))];
    private readonly byte[]? zeros = symmetric ? null : new byte[checked(rows * ((columns + groupSize - 1) / groupSize))];

    public override void Fit(long group, ReadOnlySpan<double> values)
    {
        double low = 0, high = 0;
        foreach (double value in values)
        {
            if (!double.IsFinite(value)) throw NotFinite();
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        if (zeros is null)
        {
            scales[group] = Rounded(2 * Math.Max(-low, high) / LargestCode);
            return;
        }

        // Without anything below zero the point is 1 all the same, and 14 steps are above it.
        double scale = Math.Max((high - low) / LargestCode, high / (LargestCode - 1));
        scales[group] = Rounded(scale);
        zeros[group] = (byte)(scales[group] == 0 ? Int4Weight.Middle : Math.Clamp(Math.Round(-low / scales[group]), 1, LargestCode));
    }

    public override byte Code(double value, long group)
    {
        int zero = zeros?[group] ?? Int4Weight.Middle;
        return scales[group] == 0 ? (byte)zero : (byte)Math.Clamp(Math.Round(value / scales[group]) + zero, 0, LargestCode);
    }

    public override float Value(byte code, long group) => scales[group] * (code - (zeros?[group] ?? Int4Weight.Middle));

    public override unsafe QuantizedWeight Build(byte[] codes, Device device)
    {
        long rowBytes = FourBitWords.RowBytes(Columns);
        Tensor codes_RP = torch.zeros([Rows, rowBytes], dtype: ScalarType.Byte);
        byte* target = Rows == 0 || rowBytes == 0 ? null : codes_RP.DataPointer();
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++) target[(row * rowBytes) + (column / 2)] |= (byte)(codes[((long)row * Columns) + column] << (4 * (column & 1)));
        }

        return new Int4Weight
        {
            Shape = [Rows, Columns],
            Codes = codes_RP.to(device).DetachFromDisposeScope(),
            Scales = tensor(scales).reshape(Rows, GroupsOfRow).to(device).DetachFromDisposeScope(),
            Zeros = zeros is null ? null : tensor(zeros).reshape(Rows, GroupsOfRow).to(device).DetachFromDisposeScope(),
            GroupSize = GroupSize,
        };
    }

    private float Rounded(double scale)
    {
        var half = (Half)scale;
        return Half.IsFinite(half) ? (float)half : throw new NotSupportedException($"Tensor '{Name}' needs a scale of {scale}, more than float16 holds, and cannot be quantised to four bits.");
    }
}
