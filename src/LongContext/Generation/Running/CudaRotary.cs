using System.Numerics;
using LongContext.Cuda.Driver;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// cos and sin for the kernels that write the cache: float32 numbers rounded to the model's type, as the model's modules have them. Frequencies that do not
/// depend on length have a row for each position, in tables on the GPU that grow; those that do have a row for each token of a step, filled in with its inputs.
/// </summary>
internal sealed unsafe class CudaRotary(CudaContext context, RopeScaling scaling, RopeParameters parameters, ScalarType dataType, int index) : IDisposable
{
    private const int Least = 1_024;

    private CudaBuffer? cosines;
    private CudaBuffer? sines;
    private int rows;

    /// <summary>Its number among the model's.</summary>
    public int Index => index;

    /// <summary>Whether rows are by token of the step, not by position.</summary>
    public bool DependsOnLength => scaling.DependsOnSequenceLength;

    /// <summary>Pairs of a head that turn.</summary>
    public int Half { get; } = scaling.ComputeFrequencies(parameters, 1).InverseFrequencies.Length;

    /// <summary>[positions, half] on the GPU; 0 before <see cref="Reserve"/>.</summary>
    public nint Cosines => cosines?.Address ?? 0;

    /// <summary>[positions, half] on the GPU.</summary>
    public nint Sines => sines?.Address ?? 0;

    /// <summary>Makes rows for positions from 0 on; nothing may be under way on the GPU that reads them.</summary>
    /// <returns>Whether the tables lie elsewhere now.</returns>
    public bool Reserve(int positions)
    {
        if (positions <= rows) return false;
        int capacity = (int)Math.Max(Least, Math.Min(int.MaxValue / 2, BitOperations.RoundUpToPowerOf2((uint)positions)));
        int[] all = [.. Enumerable.Range(0, capacity)];
        (float[] cos, float[] sin) = (new float[capacity * (long)Half], new float[capacity * (long)Half]);
        Fill(scaling.ComputeFrequencies(parameters, capacity), all, cos, sin);
        Dispose();
        (cosines, sines) = (new CudaBuffer(context, cos.Length * (long)sizeof(float)), new CudaBuffer(context, sin.Length * (long)sizeof(float)));
        cosines.Upload<float>(cos);
        sines.Upload<float>(sin);
        rows = capacity;
        return true;
    }

    /// <summary>Fills in rows for the tokens of a step.</summary>
    /// <param name="sequences">Its sequences.</param>
    /// <param name="positions">The tokens' positions.</param>
    /// <param name="cos">[tokens, half].</param>
    /// <param name="sin">[tokens, half].</param>
    public void FillFor(ReadOnlySpan<StepSequence> sequences, ReadOnlySpan<int> positions, float* cos, float* sin)
    {
        foreach (ref readonly StepSequence sequence in sequences)
        {
            int length = Math.Max(sequence.FrequencyLength, sequence.CachedTokens + sequence.TokenCount), at = sequence.TokenStart * Half, count = sequence.TokenCount * Half;
            Fill(
                scaling.ComputeFrequencies(parameters, length), positions.Slice(sequence.TokenStart, sequence.TokenCount),
                new Span<float>(cos + at, count), new Span<float>(sin + at, count));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        cosines?.Dispose();
        sines?.Dispose();
        (cosines, sines, rows) = (null, null, 0);
    }

    private void Fill(RopeFrequencies frequencies, ReadOnlySpan<int> positions, Span<float> cos, Span<float> sin)
    {
        RotaryTable.Fill(frequencies, positions, cos, sin);
        Round(cos);
        Round(sin);
    }

    private void Round(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++) values[i] = dataType == ScalarType.Float16 ? (float)(System.Half)values[i] : ToBFloat16(values[i]);
    }

    /// <summary>To nearest, halves to even.</summary>
    private static float ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
