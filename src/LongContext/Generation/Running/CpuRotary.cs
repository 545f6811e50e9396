using System.Numerics;
using System.Runtime.InteropServices;
using LongContext.Positions;

namespace LongContext.Generation.Running;

/// <summary>
/// cos and sin in float32 outside the managed heap. Frequencies that do not depend on length have a row for each position, in tables that grow; those
/// that do have a row for each token of the step, by its sequence's length.
/// </summary>
internal sealed unsafe class CpuRotary(RopeScaling scaling, RopeParameters parameters) : IDisposable
{
    private const int Chunk = 256;

    private readonly double[] inverse = new double[scaling.ComputeFrequencies(parameters, 1).InverseFrequencies.Length];
    private int rows;

    /// <summary>Whether rows are by token of the step, not by position.</summary>
    public bool DependsOnLength => scaling.DependsOnSequenceLength;

    /// <summary>Pairs of a head that turn.</summary>
    public int Half => inverse.Length;

    /// <summary>[rows, half], attention factor inside.</summary>
    public float* Cosines { get; private set; }

    /// <summary>[rows, half], attention factor inside.</summary>
    public float* Sines { get; private set; }

    /// <summary>Rows that there is memory for.</summary>
    public int Rows => rows;

    /// <summary>Rows for positions from 0 on.</summary>
    public void Reserve(int positions)
    {
        if (positions <= rows) return;
        int before = rows, capacity = Capacity(positions);
        Grow(capacity, before);
        RopeFrequencies frequencies = scaling.ComputeFrequencies(parameters, capacity);
        Span<int> chunk = stackalloc int[Chunk];
        for (int start = before; start < capacity; start += Chunk)
        {
            Span<int> part = chunk[..Math.Min(Chunk, capacity - start)];
            for (int i = 0; i < part.Length; i++) part[i] = start + i;
            Fill(frequencies.InverseFrequencies, frequencies.AttentionFactor, part, start);
        }
    }

    /// <summary>Rows for the tokens of a step.</summary>
    /// <param name="sequences">Its sequences.</param>
    /// <param name="positions">The tokens' positions.</param>
    public void FillFor(ReadOnlySpan<StepSequence> sequences, ReadOnlySpan<int> positions)
    {
        if (positions.Length > rows) Grow(positions.Length, keep: 0);
        foreach (ref readonly StepSequence sequence in sequences)
        {
            int length = Math.Max(sequence.FrequencyLength, sequence.CachedTokens + sequence.TokenCount);
            double factor = scaling.Compute(parameters, length, inverse);
            Fill(inverse, factor, positions.Slice(sequence.TokenStart, sequence.TokenCount), sequence.TokenStart);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        NativeMemory.AlignedFree(Cosines);
        NativeMemory.AlignedFree(Sines);
        Cosines = Sines = null;
        rows = 0;
    }

    /// <summary>More than are wanted, so that tables seldom grow; but no more than the model's window, which memory is planned for, before a text goes beyond it.</summary>
    private int Capacity(int positions)
    {
        int window = parameters.MaxPositionEmbeddings;
        if (positions > window) return (int)Math.Min(int.MaxValue / 2, positions + Math.Max(Chunk, positions / 8L));
        return (int)Math.Max(Chunk, Math.Min(window, BitOperations.RoundUpToPowerOf2((uint)positions)));
    }

    private void Fill(ReadOnlySpan<double> frequencies, double factor, ReadOnlySpan<int> positions, int firstRow)
    {
        long at = (long)firstRow * Half;
        int count = positions.Length * Half;
        RotaryTable.Fill(frequencies, factor, positions, new Span<float>(Cosines + at, count), new Span<float>(Sines + at, count));
    }

    private void Grow(int capacity, int keep)
    {
        long bytes = (long)capacity * Half * sizeof(float);
        var cosines = (float*)NativeMemory.AlignedAlloc(checked((nuint)bytes), 64);
        float* sines;
        try
        {
            sines = (float*)NativeMemory.AlignedAlloc(checked((nuint)bytes), 64);
        }
        catch (OutOfMemoryException)
        {
            NativeMemory.AlignedFree(cosines);
            throw;
        }

        long kept = (long)keep * Half * sizeof(float);
        Buffer.MemoryCopy(Cosines, cosines, bytes, kept);
        Buffer.MemoryCopy(Sines, sines, bytes, kept);
        Dispose();
        Cosines = cosines;
        Sines = sines;
        rows = capacity;
    }
}
