using System.Runtime.InteropServices;
using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Linear;

/// <summary>A matrix in native memory, inputs, and two oracles: the definition in double, and a walk over the same lanes and tree one number at a time.</summary>
internal sealed unsafe class LinearSample : IDisposable
{
    public static readonly WeightFormat[] Formats = Enum.GetValues<WeightFormat>();

    private readonly List<nint> memory = [];

    public LinearSample(WeightFormat format, int outputs, int inputs, int rows, ulong seed, int groupSize = 0, bool zeros = true)
    {
        Rows = rows;
        var random = new Random((int)seed);
        if (format == WeightFormat.Int4 && groupSize == 0) groupSize = new[] { 32, 16, 8, 4, 2 }.First(size => inputs % size == 0);
        long codeBytes = WeightSize.CodeBytes(format, outputs, inputs);
        var codes = (byte*)Allocate(codeBytes);
        long scaleCount = WeightSize.Scales(format, outputs, inputs, groupSize);
        var scales = (float*)Allocate(scaleCount * 4);
        for (long i = 0; i < scaleCount; i++) scales[i] = (float)(0.01 + random.NextDouble());
        byte* zeroPoints = null;
        if (format == WeightFormat.Int4 && zeros)
        {
            zeroPoints = (byte*)Allocate(scaleCount);
            for (long i = 0; i < scaleCount; i++) zeroPoints[i] = (byte)random.Next(16);
        }

        FillCodes(format, codes, codeBytes, (long)outputs * inputs, random);
        Weight = new WeightMatrix
        {
            Format = format, Outputs = outputs, Inputs = inputs, Codes = (nint)codes, Scales = scaleCount == 0 ? 0 : (nint)scales, Zeros = (nint)zeroPoints, GroupSize = groupSize,
        };
        XStride = inputs + 3;
        YStride = outputs + 5;
        X = (float*)Allocate(rows * XStride * 4);
        for (long i = 0; i < rows * XStride; i++) X[i] = (float)((random.NextDouble() * 2) - 1);
        Bias = (float*)Allocate(outputs * 4L);
        for (int i = 0; i < outputs; i++) Bias[i] = (float)random.NextDouble();
    }

    public WeightMatrix Weight { get; private set; }

    public bool RoundsInputs
    {
        get => Weight.RoundsInputs;
        init => Weight = Weight with { RoundsInputs = value };
    }

    public int Rows { get; }

    public long XStride { get; }

    public long YStride { get; }

    public float* X { get; }

    public float* Bias { get; }

    /// <summary>A weight, by the format's definition alone.</summary>
    public static double Value(in WeightMatrix weight, int output, int input, bool scaled = true)
    {
        long place = ((long)output * weight.Inputs) + input;
        var bytes = (byte*)weight.Codes;
        var scales = (float*)weight.Scales;
        switch (weight.Format)
        {
            case WeightFormat.Float32: return ((float*)bytes)[place];
            case WeightFormat.BFloat16: return BitConverter.Int32BitsToSingle(((ushort*)bytes)[place] << 16);
            case WeightFormat.Float16: return (double)((Half*)bytes)[place];
            case WeightFormat.Int8: return ((sbyte*)bytes)[place] * (scaled ? (double)scales[output] : 1);
            case WeightFormat.Float8: return Float8(bytes[place]) * (scaled ? scales[output] : 1);
            case WeightFormat.Nf4:
                int normal = place % 2 == 0 ? bytes[place / 2] >> 4 : bytes[place / 2] & 15;
                return NormalFloat.Values[normal] * scales[place / 64]; // rounded to float32, as the format says
            default:
                long group = (output * (long)(weight.Inputs / weight.GroupSize)) + (input / weight.GroupSize);
                int code = input % 2 == 0 ? bytes[place / 2] & 15 : bytes[place / 2] >> 4;
                return (code - (weight.Zeros == 0 ? 8 : ((byte*)weight.Zeros)[group])) * scales[group];
        }
    }

    /// <summary>E4M3 by its definition (OCP 8-bit floating point, table 1).</summary>
    public static double Float8(int code)
    {
        int exponent = (code >> 3) & 15, fraction = code & 7;
        double magnitude = (code & 127) == 127 ? double.NaN
            : exponent == 0 ? fraction / 8.0 * Math.Pow(2, -6)
            : (1 + (fraction / 8.0)) * Math.Pow(2, exponent - 7);
        return code >= 128 ? -magnitude : magnitude;
    }

    /// <summary>A result in double, and the sum of the magnitudes of its products.</summary>
    public (double Value, double Magnitude) Exact(int row, int output)
    {
        double sum = 0, magnitude = 0;
        for (int input = 0; input < Weight.Inputs; input++)
        {
            double product = X[(row * XStride) + input] * Value(Weight, output, input);
            sum += product;
            magnitude += Math.Abs(product);
        }

        return (sum, magnitude);
    }

    /// <summary>A result one number at a time over sixteen lanes and the tree.</summary>
    public float Walk(int row, int output, bool bias = false, float? before = null)
    {
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (int input = 0; input < (Weight.Inputs + 15) / 16 * 16; input++)
        {
            bool inside = input < Weight.Inputs;
            float w = inside ? (float)Value(Weight, output, input, scaled: !Weight.HasRowScales) : 0;
            lanes[input % 16] = MathF.FusedMultiplyAdd(inside ? X[(row * XStride) + input] : 0, w, lanes[input % 16]);
        }

        for (int width = 8; width > 0; width /= 2)
        {
            for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
        }

        float value = lanes[0];
        if (Weight.HasRowScales) value *= ((float*)Weight.Scales)[output];
        if (bias) value += Bias[output];
        return before is float held ? held + value : value;
    }

    /// <summary>Results of rows [first, first + rows) in poisoned memory with guards: [rows, outputs].</summary>
    public float[] Apply(CpuTeam team, int first, int rows, bool bias = false, float? before = null)
    {
        var y = new float[(rows * YStride) + 16];
        Array.Fill(y, -12345.75f);
        for (int row = 0; row < rows && before is not null; row++) y.AsSpan((int)(row * YStride), Weight.Outputs).Fill(before.Value);
        fixed (float* address = y)
        {
            LinearKernel.Apply(team, Weight, X + (first * XStride), XStride, address, YStride, rows, bias ? Bias : null, before is not null);
        }

        var result = new float[rows * Weight.Outputs];
        for (int row = 0; row < rows; row++)
        {
            y.AsSpan((int)(row * YStride), Weight.Outputs).CopyTo(result.AsSpan(row * Weight.Outputs));
            Assert.Equal(-1, y.AsSpan((int)(row * YStride) + Weight.Outputs, (int)(YStride - Weight.Outputs)).IndexOfAnyExcept(-12345.75f));
        }

        Assert.Equal(-1, y.AsSpan((int)(rows * YStride)).IndexOfAnyExcept(-12345.75f));
        return result;
    }

    public void Dispose()
    {
        foreach (nint piece in memory) NativeMemory.Free((void*)piece);
    }

    private static void FillCodes(WeightFormat format, byte* codes, long bytes, long count, Random random)
    {
        random.NextBytes(new Span<byte>(codes, (int)bytes));
        for (long i = 0; i < count; i++)
        {
            float value = (float)((random.NextDouble() * 2) - 1);
            switch (format)
            {
                case WeightFormat.Float32: ((float*)codes)[i] = value; break;
                case WeightFormat.BFloat16: ((ushort*)codes)[i] = (ushort)(BitConverter.SingleToInt32Bits(value) >> 16); break;
                case WeightFormat.Float16: ((Half*)codes)[i] = (Half)value; break;
                case WeightFormat.Int8: ((sbyte*)codes)[i] = (sbyte)(random.Next(255) - 127); break;
                case WeightFormat.Float8 when (codes[i] & 127) == 127: codes[i] = 0x30; break;
                default: break;
            }
        }
    }

    private nint Allocate(long bytes)
    {
        // Ends with the memory, so that reading beyond is at least a tool's finding, and starts unaligned to vectors.
        var piece = (nint)NativeMemory.Alloc((nuint)bytes + 4);
        memory.Add(piece);
        return piece + 4;
    }
}
