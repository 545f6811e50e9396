using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Training.Optimizers;

/// <summary>
/// AdamW over 8-bit state on the CPU, a block of 256 values at a time: codes become values, the update is made in float32, the new
/// state's largest magnitudes are taken, and codes are made anew. Nothing but a block lies outside the caches. Blocks are independent,
/// so that the number of threads changes nothing.
/// </summary>
internal static unsafe class BlockwiseAdamWKernel
{
    public const int BlockSize = 256;

    /// <summary>Blocks that a thread takes at a time.</summary>
    private const int BlocksAtOnce = 64;

    /// <summary>One update of <paramref name="count"/> values that begin at a block's border.</summary>
    public static void Step(in Memory memory, long count, in AdamWFactors factors, int threads)
    {
        Memory all = memory;
        AdamWFactors constants = factors;
        long blocks = (count + BlockSize - 1) / BlockSize, chunks = (blocks + BlocksAtOnce - 1) / BlocksAtOnce;
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = threads }, chunk =>
        {
            long last = Math.Min(blocks, (chunk + 1) * BlocksAtOnce);
            for (long block = chunk * BlocksAtOnce; block < last; block++) Block(all.From(block), Math.Min(BlockSize, count - (block * BlockSize)), constants);
        });
    }

    /// <summary>A whole block in place; the last, shorter one through a copy that is filled up with zeros.</summary>
    private static void Block(in Memory memory, long count, in AdamWFactors factors)
    {
        if (count == BlockSize)
        {
            Update(memory, factors);
            return;
        }

        float* values = stackalloc float[2 * BlockSize];
        byte* codes = stackalloc byte[2 * BlockSize];
        int size = (int)count;
        new Span<float>(values, 2 * BlockSize).Clear();
        new Span<byte>(codes, BlockSize).Fill(DynamicTree.Signed.ZeroCode);
        new Span<byte>(codes + BlockSize, BlockSize).Fill(DynamicTree.Unsigned.ZeroCode);
        Memory copy = memory with { Weight = values, Gradient = values + BlockSize, MeanCodes = codes, SquareCodes = codes + BlockSize };
        Copy(memory, copy, size);
        Update(copy, factors);
        Copy(copy, memory with { Gradient = copy.Gradient }, size);
    }

    [SkipLocalsInit]
    private static void Update(in Memory memory, in AdamWFactors factors)
    {
        float* mean = stackalloc float[BlockSize], square = stackalloc float[BlockSize];
        Decode(memory.MeanCodes, mean, DynamicTree.Signed);
        Decode(memory.SquareCodes, square, DynamicTree.Unsigned);
        var meanScale = new Vector<float>(*memory.MeanScale);
        var squareScale = new Vector<float>(*memory.SquareScale);
        Vector<float> largestMean = Vector<float>.Zero, largestSquare = Vector<float>.Zero;
        for (int i = 0; i < BlockSize; i += Vector<float>.Count)
        {
            Vector<float> g = Vector.Load(memory.Gradient + i), w = Vector.Load(memory.Weight + i);
            Vector<float> m = (Vector.Load(mean + i) * meanScale * factors.Beta1) + (g * factors.OneMinusBeta1);
            Vector<float> v = (Vector.Load(square + i) * squareScale * factors.Beta2) + (g * g * factors.OneMinusBeta2);
            largestMean = Vector.Max(largestMean, Vector.Abs(m));
            largestSquare = Vector.Max(largestSquare, v);
            Vector<float> denominator = (Vector.SquareRoot(v) / new Vector<float>(factors.RootOfCorrection2)) + new Vector<float>(factors.Epsilon);
            Vector.Store((w - (w * factors.Decay)) - (m / denominator * factors.StepSize), memory.Weight + i);
            Vector.Store(m, mean + i);
            Vector.Store(v, square + i);
        }

        *memory.MeanScale = Encode(mean, Largest(largestMean), memory.MeanCodes, DynamicTree.Signed);
        *memory.SquareScale = Encode(square, Largest(largestSquare), memory.SquareCodes, DynamicTree.Unsigned);
    }

    private static void Decode(byte* codes, float* values, DynamicTree tree)
    {
        ref float first = ref MemoryMarshal.GetReference(tree.Values.AsSpan());
        for (int i = 0; i < BlockSize; i++) values[i] = Unsafe.Add(ref first, codes[i]);
    }

    /// <summary>Codes of values in units of their largest magnitude, which is returned.</summary>
    private static float Encode(float* values, float largest, byte* codes, DynamicTree tree)
    {
        var unit = new Vector<float>(largest > 0 ? largest : 1);
        ref byte starts = ref MemoryMarshal.GetReference(tree.Starts.AsSpan());
        ref float borders = ref MemoryMarshal.GetReference(tree.Borders.AsSpan());
        for (int i = 0; i < BlockSize; i += Vector<float>.Count) Vector.Store(Vector.Load(values + i) / unit, values + i);
        for (int i = 0; i < BlockSize; i++)
        {
            float x = values[i];
            int code = Unsafe.Add(ref starts, BitConverter.SingleToInt32Bits(x) >>> 16);
            bool above = x > Unsafe.Add(ref borders, code);
            codes[i] = (byte)(code + Unsafe.BitCast<bool, byte>(above));
        }

        return largest;
    }

    private static float Largest(Vector<float> lanes)
    {
        float largest = 0;
        for (int i = 0; i < Vector<float>.Count; i++) largest = Math.Max(largest, lanes[i]);
        return largest;
    }

    private static void Copy(in Memory from, in Memory to, int count)
    {
        new Span<float>(from.Weight, count).CopyTo(new Span<float>(to.Weight, count));
        if (from.Gradient != to.Gradient) new Span<float>(from.Gradient, count).CopyTo(new Span<float>(to.Gradient, count));
        new Span<byte>(from.MeanCodes, count).CopyTo(new Span<byte>(to.MeanCodes, count));
        new Span<byte>(from.SquareCodes, count).CopyTo(new Span<byte>(to.SquareCodes, count));
    }

    /// <summary>Where weights, gradients and state lie.</summary>
    internal readonly struct Memory
    {
        public required float* Weight { get; init; }

        public required float* Gradient { get; init; }

        public required byte* MeanCodes { get; init; }

        public required byte* SquareCodes { get; init; }

        /// <summary>One for each block.</summary>
        public required float* MeanScale { get; init; }

        /// <summary>One for each block.</summary>
        public required float* SquareScale { get; init; }

        /// <summary>As seen from a block.</summary>
        public Memory From(long block) => new()
        {
            Weight = Weight + (block * BlockSize),
            Gradient = Gradient + (block * BlockSize),
            MeanCodes = MeanCodes + (block * BlockSize),
            SquareCodes = SquareCodes + (block * BlockSize),
            MeanScale = MeanScale + block,
            SquareScale = SquareScale + block,
        };
    }
}
