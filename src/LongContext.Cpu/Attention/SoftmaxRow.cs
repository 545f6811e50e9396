using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cpu.Pointwise;

namespace LongContext.Cpu.Attention;

/// <summary>A row's scores in one block, and how the results of blocks and partitions come together.</summary>
internal static unsafe class SoftmaxRow
{
    private const int Lanes = CacheLayout.LaneTokens;

    /// <summary>Finishes scores from start up to end: scales, soft cap, and -∞ in the other lanes of their vectors.</summary>
    /// <param name="scores">Scores.</param>
    /// <param name="start">First key that is seen.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="keyScales">The keys' scales, or null.</param>
    /// <param name="softCap">c of c·tanh(score / c); 0 for none.</param>
    /// <param name="areIntegers">Whether the scores are int32.</param>
    /// <param name="integerScale">What those are worth.</param>
    /// <returns>The largest.</returns>
    public static float Finish(float* scores, int start, int end, float* keyScales, float softCap, bool areIntegers = false, float integerScale = 1)
    {
        Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
        Vector512<float> cap = Vector512.Create(softCap);
        for (int at = start & -Lanes; at < end; at += Lanes)
        {
            Vector512<float> x = Vector512.Load(scores + at);
            if (areIntegers) x = Vector512.ConvertToSingle(x.AsInt32()) * Vector512.Create(integerScale);
            if (keyScales is not null) x *= Vector512.Load(keyScales + at);
            if (softCap > 0) x = cap * VectorMath.Tanh(x / cap);
            if (at < start || at + Lanes > end)
            {
                Vector512<int> key = Vector512.Create(at) + Vector512<int>.Indices;
                Vector512<int> seen = Vector512.GreaterThanOrEqual(key, Vector512.Create(start)) & Vector512.LessThan(key, Vector512.Create(end));
                x = Vector512.ConditionalSelect(seen.AsSingle(), x, Vector512.Create(float.NegativeInfinity));
            }

            x.Store(scores + at);
            largest = Vector512.MaxNative(largest, x);
        }

        return VectorMath.Max(largest);
    }

    /// <summary>Turns finished scores into e^(score − maximum), times the values' scales where there are some; in the lanes outside of start … end into zeros.</summary>
    /// <returns>The sum of the exponentials, 16 lanes in rising order and then a tree.</returns>
    public static float Exponentials(float* scores, int start, int end, float maximum, float* valueScales)
    {
        Vector512<float> shift = Vector512.Create(maximum), sum = Vector512<float>.Zero;
        if (valueScales is null)
        {
            for (int at = start & -Lanes; at < end; at += Lanes)
            {
                Vector512<float> weight = VectorMath.Exp(Vector512.Load(scores + at) - shift);
                weight.Store(scores + at);
                sum += weight;
            }
        }
        else
        {
            for (int at = start & -Lanes; at < end; at += Lanes)
            {
                Vector512<float> weight = VectorMath.Exp(Vector512.Load(scores + at) - shift);
                (weight * Vector512.Load(valueScales + at)).Store(scores + at);
                sum += weight;
            }
        }

        return VectorMath.Sum(sum);
    }

    /// <summary>Multiplies an output by a factor.</summary>
    public static void Rescale(float* output, int padded, float factor)
    {
        if (factor == 1) return;
        Vector512<float> by = Vector512.Create(factor);
        for (int i = 0; i < padded; i += Lanes) (Vector512.Load(output + i) * by).Store(output + i);
    }

    /// <summary>output += scale · integers: what came of a block.</summary>
    public static void AddIntegers(float* output, int* integers, int padded, float scale)
    {
        Vector512<float> by = Vector512.Create(scale);
        for (int i = 0; i < padded; i += Lanes) Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(Vector512.Load(integers + i)), by, Vector512.Load(output + i)).Store(output + i);
    }

    /// <summary>Merges a later partition into what there is of a row; a partition without visible keys has the sum 0 and changes nothing.</summary>
    public static void Merge(ref float maximum, ref float sum, float* output, float laterMaximum, float laterSum, float* later, int padded)
    {
        if (laterSum == 0) return;
        if (sum == 0)
        {
            (maximum, sum) = (laterMaximum, laterSum);
            Unsafe.CopyBlock(output, later, (uint)(padded * sizeof(float)));
            return;
        }

        float largest = MathF.Max(maximum, laterMaximum);
        float before = VectorMath.Exp(maximum - largest), after = VectorMath.Exp(laterMaximum - largest);
        maximum = largest;
        sum = MathF.FusedMultiplyAdd(sum, before, laterSum * after);
        Vector512<float> first = Vector512.Create(before), second = Vector512.Create(after);
        for (int i = 0; i < padded; i += Lanes)
            Vector512.FusedMultiplyAdd(Vector512.Load(output + i), first, Vector512.Load(later + i) * second).Store(output + i);
    }

    /// <summary>Divides by the sum and writes the head's numbers.</summary>
    public static void Write(float* output, float sum, float* target, int headSize)
    {
        int i = 0;
        Vector512<float> divisor = Vector512.Create(sum);
        for (; i + Lanes <= headSize; i += Lanes) (Vector512.Load(output + i) / divisor).Store(target + i);
        for (; i < headSize; i++) target[i] = output[i] / sum;
    }
}
