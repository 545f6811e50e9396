using LongContext.Cuda.Driver;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Linear;

/// <summary>A weight matrix in some format, on the device and as the numbers that it stands for.</summary>
internal sealed class LinearCase : IDisposable
{
    private static readonly float[] Codebook =
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    private readonly List<IDisposable> owned = [];

    /// <param name="context">The GPU.</param>
    /// <param name="type">Of the activations.</param>
    /// <param name="form">Format: "Int4 64" is int4 in groups of 64, "Int4 64 zeros" with zero points, "Nf4 double" with quantised magnitudes.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="seed">Of the numbers.</param>
    /// <param name="exact">Whether NF4's codebook is not rounded to the type, as in the plain kernel.</param>
    /// <param name="offset">Bytes (of 16-bit weights, elements) that codes lie behind a border of 256 bytes.</param>
    public LinearCase(CudaContext context, ElementType type, string form, int outputs, int inputs, int seed, bool exact = false, int offset = 0)
    {
        string[] words = form.Split(' ');
        LinearFormat format = Enum.Parse<LinearFormat>(words[0]);
        var random = new Random(seed);
        Values = new double[outputs * inputs];
        Weight = new LinearWeight { Format = format, Outputs = outputs, Inputs = inputs, Codes = 0 };
        switch (format)
        {
            case LinearFormat.Plain:
                Values = Expect.Rounded(type, Expect.Normal(outputs * inputs, seed, 0.5));
                var plain = new byte[2 * Values.Length];
                for (int i = 0; i < Values.Length; i++) Elements.Write(type, Values[i], plain.AsSpan(2 * i));
                Weight = Weight with { Codes = Put(plain, 2 * offset) };
                break;
            case LinearFormat.Int8 or LinearFormat.Float8:
                var bytes = new byte[outputs * inputs];
                random.NextBytes(bytes);
                if (format == LinearFormat.Float8)
                {
                    for (int i = 0; i < bytes.Length; i++) bytes[i] = (bytes[i] & 127) == 127 ? (byte)0 : bytes[i];
                }

                float[] factors = Numbers(outputs, 0.01f);
                for (int i = 0; i < Values.Length; i++) Values[i] = (format == LinearFormat.Int8 ? (sbyte)bytes[i] : Float8(bytes[i])) * factors[i / inputs];
                Weight = Weight with { Codes = Put(bytes, offset), Scales = Put(factors) };
                break;
            case LinearFormat.Int4:
                int size = words[1] == "rows" ? inputs : int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), groups = (inputs + size - 1) / size;
                var zeros = new byte[outputs * groups];
                for (int i = 0; i < zeros.Length; i++) zeros[i] = words.Contains("zeros") ? (byte)random.Next(16) : (byte)8;
                float[] scales = Numbers(outputs * groups, 0.1f);
                Weight = Weight with { Codes = Put(Nibbles((row, column, code) => scales[(row * groups) + (column / size)] * (code - zeros[(row * groups) + (column / size)]), firstLow: true), offset) };
                Weight = Weight with { Scales = Put(scales), Zeros = words.Contains("zeros") ? Put(zeros) : 0, GroupSize = size };
                break;
            default:
                int blocks = (inputs + 63) / 64, all = outputs * blocks;
                bool twice = words.Contains("double");
                float[] magnitudes = Numbers(twice ? (all + 255) / 256 : all, 1), table = Numbers(256, 1);
                var codes = new byte[all];
                random.NextBytes(codes);
                double Magnitude(int block) => twice ? (table[codes[block]] * magnitudes[block / 256]) + 0.75f : magnitudes[block];
                Weight = Weight with
                {
                    Codes = Put(
                        Nibbles((row, column, code) => (exact ? Codebook[code] : Elements.Round(type, Codebook[code])) * Magnitude((row * blocks) + (column / 64)), firstLow: false), offset),
                    Scales = twice ? Put(codes) : Put(magnitudes), Groups = twice ? Put(magnitudes) : 0, Table = twice ? Put(table) : 0, Mean = twice ? 0.75 : 0,
                };
                break;
        }

        byte[] Nibbles(Func<int, int, int, double> value, bool firstLow)
        {
            int rowBytes = (inputs + 1) / 2;
            var packed = new byte[outputs * rowBytes];
            random.NextBytes(packed);
            for (int i = 0; i < Values.Length; i++)
            {
                int row = i / inputs, column = i % inputs, both = packed[(row * rowBytes) + (column / 2)];
                Values[i] = value(row, column, (column % 2 == 0) == firstLow ? both & 15 : both >> 4);
            }

            return packed;
        }

        float[] Numbers(int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => scale * (0.5f + random.NextSingle()))];

        nint Put<T>(T[] values, int behind = 0)
            where T : unmanaged
        {
            var there = new DeviceValues<T>(context, values, behind);
            owned.Add(there);
            return there.Address;
        }
    }

    public LinearWeight Weight { get; }

    /// <summary>[outputs, inputs].</summary>
    public double[] Values { get; }

    /// <summary>x·w of one row and one output, and the sum of the products' magnitudes.</summary>
    public (double Sum, double Magnitude) Dot(double[] x, int row, int output)
    {
        double sum = 0, magnitude = 0;
        for (int i = 0; i < Weight.Inputs; i++)
        {
            double product = x[(row * Weight.Inputs) + i] * Values[(output * Weight.Inputs) + i];
            sum += product;
            magnitude += Math.Abs(product);
        }

        return (sum, magnitude);
    }

    public void Dispose()
    {
        foreach (IDisposable buffer in owned) buffer.Dispose();
    }

    private static double Float8(byte code)
    {
        int exponent = (code >> 3) & 15, mantissa = code & 7;
        double magnitude = exponent == 0 ? mantissa / 512.0 : Math.ScaleB(1 + (mantissa / 8.0), exponent - 7);
        return code > 127 ? -magnitude : magnitude;
    }
}
