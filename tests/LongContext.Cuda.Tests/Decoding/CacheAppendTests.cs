using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>The cache's append: rows go to their slots and nowhere else, rotated by the definition.</summary>
public abstract class CacheAppendTests
{
    private const int Tokens = 5, Rows = 12, KeyHeads = 2, Group = 3, Apart = 8;
    private static readonly int[] Slots = [7, -1, 0, 11, 12]; // one is not kept, one lies behind the end
    private static readonly int[] Positions = [3, 0, 9, 1, 2];

    protected abstract CudaContext Context { get; }

    public static TheoryData<string, int, int> Formats
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (string element in new[] { nameof(CacheElement.BFloat16), nameof(CacheElement.Float16) })
            {
                foreach (int size in DecodingShape.HeadSizes)
                {
                    data.Add(element, size, size);
                    data.Add(element, size, size / 32 * 16);
                    data.Add(element, size, 0);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Run_AnyFormat_WritesTheSlotsAlone(string elementName, int size, int rotary)
    {
        CacheElement element = Enum.Parse<CacheElement>(elementName);
        var random = new Random(size + rotary);
        int queryStride = (KeyHeads * Group * size) + Apart, keyStride = (KeyHeads * size) + Apart;
        ushort[] q = Values(Tokens * queryStride), k = Values(Tokens * keyStride), v = Values(Tokens * keyStride);
        ushort[] kCache = Values(Rows * keyStride), vCache = Values(Rows * keyStride);
        float[] cosines = new float[10 * Math.Max(1, rotary / 2)], sines = new float[cosines.Length];
        for (int i = 0; i < cosines.Length; i++) (sines[i], cosines[i]) = MathF.SinCos(i * 0.37f);

        using CudaBuffer qDevice = Upload(q), kDevice = Upload(k), vDevice = Upload(v), kCacheDevice = Upload(kCache), vCacheDevice = Upload(vCache);
        using CudaBuffer slots = Upload(Slots), positions = Upload(Positions), cosinesDevice = Upload(cosines), sinesDevice = Upload(sines);
        new CacheAppend(Context).Run(new CacheAppendArguments
        {
            Element = element, Query = qDevice.Address, Keys = kDevice.Address, Values = vDevice.Address, KeyCache = kCacheDevice.Address, ValueCache = vCacheDevice.Address,
            Slots = slots.Address, CacheRows = Rows, Positions = rotary == 0 ? 0 : positions.Address, Cosines = cosinesDevice.Address, Sines = sinesDevice.Address, RotarySize = rotary,
            Tokens = Tokens, Heads = KeyHeads * Group, KeyHeads = KeyHeads, HeadSize = size,
            QueryStride = queryStride, KeyStride = keyStride, ValueStride = keyStride, KeyCacheStride = keyStride, ValueCacheStride = keyStride,
        });

        for (int token = 0; token < Tokens; token++)
        {
            Rotate(q, token * queryStride, KeyHeads * Group, token);
            Rotate(k, token * keyStride, KeyHeads, token);
            if (Slots[token] is < 0 or >= Rows) continue;
            k.AsSpan(token * keyStride, KeyHeads * size).CopyTo(kCache.AsSpan(Slots[token] * keyStride));
            v.AsSpan(token * keyStride, KeyHeads * size).CopyTo(vCache.AsSpan(Slots[token] * keyStride));
        }

        AssertNear(q, qDevice);
        AssertNear(kCache, kCacheDevice);
        Assert.Equal(vCache, vCacheDevice.Download<ushort>(vCache.Length));

        ushort[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => ElementBits.From(element, (float)((random.NextDouble() * 4) - 2)))];

        void Rotate(ushort[] values, int at, int heads, int token)
        {
            int half = rotary / 2;
            for (int head = 0; head < heads; head++)
            {
                for (int i = 0; i < half; i++)
                {
                    int lower = at + (head * size) + i, upper = lower + half, entry = (Positions[token] * half) + i;
                    double a = ElementBits.ToSingle(element, values[lower]), b = ElementBits.ToSingle(element, values[upper]);
                    values[lower] = ElementBits.From(element, (float)((a * cosines[entry]) - (b * sines[entry])));
                    values[upper] = ElementBits.From(element, (float)((b * cosines[entry]) + (a * sines[entry])));
                }
            }
        }

        // float32 arithmetic may fall to the other side of a tie now and then: one unit in the last place, or cancellation to nearly nothing.
        void AssertNear(ushort[] expected, CudaBuffer actual)
        {
            ushort[] bits = actual.Download<ushort>(expected.Length);
            int different = 0;
            for (int i = 0; i < bits.Length; i++)
            {
                if (bits[i] == expected[i]) continue;
                different++;
                float x = ElementBits.ToSingle(element, expected[i]), y = ElementBits.ToSingle(element, bits[i]);
                Assert.True(Math.Abs(x - y) <= Math.Max(2e-7f, Math.Abs(x) * (element == CacheElement.BFloat16 ? 1 / 128f : 1 / 1024f)), $"element {i} is {y}, expected {x}");
            }

            Assert.True(different <= (rotary == 0 ? 0 : bits.Length / 100), $"{different} of {bits.Length} elements differ");
        }
    }

    private CudaBuffer Upload<T>(T[] values)
        where T : unmanaged
    {
        var buffer = new CudaBuffer(Context, Math.Max(16, (long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()));
        buffer.Upload<T>(values);
        return buffer;
    }
}
