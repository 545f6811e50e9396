using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// cos and sin rows for the tokens of a pack, as <c>[T, 1, R]</c> (R rotated elements of a head) with both halves filled, ready to multiply q and k.
/// Frequencies that do not depend on length are kept in one table that grows; those that do are computed for each document's
/// own length, so that a pack equals its documents apart.
/// </summary>
internal sealed class RotaryTables(RopeScaling scaling, RopeParameters parameters, Device device, ScalarType dataType) : IDisposable
{
    private Tensor? cosTable;
    private Tensor? sinTable;

    /// <summary>Rows for positions; <paramref name="sequenceLengths"/> holds, for each document, the length its frequencies are for.</summary>
    public RotaryRows Rows(ReadOnlySpan<int> positions, ReadOnlySpan<int> cumulativeLengths, ReadOnlySpan<int> sequenceLengths)
    {
        if (scaling.DependsOnSequenceLength) return Compute(positions, cumulativeLengths, sequenceLengths);

        int longest = 0;
        foreach (int position in positions) longest = Math.Max(longest, position + 1);
        Grow(longest);

        // One document from its beginning needs no gathering.
        bool consecutive = true;
        for (int i = 1; i < positions.Length && consecutive; i++) consecutive = positions[i] == positions[i - 1] + 1;
        if (consecutive && positions.Length > 0)
            return new RotaryRows(cosTable!.narrow(0, positions[0], positions.Length), sinTable!.narrow(0, positions[0], positions.Length));

        using Tensor index_T = HostTensors.FromIds(positions, device);
        return new RotaryRows(cosTable!.index_select(0, index_T), sinTable!.index_select(0, index_T));
    }

    public void Dispose()
    {
        cosTable?.Dispose();
        sinTable?.Dispose();
    }

    private void Grow(int length)
    {
        if (cosTable is not null && cosTable.size(0) >= length) return;
        int capacity = Math.Max(256, (int)Math.Min(int.MaxValue / 2, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 1))));
        int[] positions = [.. Enumerable.Range(0, capacity)];
        RopeFrequencies frequencies = scaling.ComputeFrequencies(parameters, capacity);
        RotaryRows rows = ToTensors(positions, [0, capacity], [frequencies]);
        Dispose();
        (cosTable, sinTable) = (rows.Cos_T1R.DetachFromDisposeScope(), rows.Sin_T1R.DetachFromDisposeScope());
    }

    private RotaryRows Compute(ReadOnlySpan<int> positions, ReadOnlySpan<int> cumulativeLengths, ReadOnlySpan<int> sequenceLengths)
    {
        var frequencies = new RopeFrequencies[cumulativeLengths.Length - 1];
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = scaling.ComputeFrequencies(parameters, Math.Max(1, sequenceLengths[i]));
        return ToTensors(positions, cumulativeLengths, frequencies);
    }

    private RotaryRows ToTensors(ReadOnlySpan<int> positions, ReadOnlySpan<int> cumulativeLengths, ReadOnlySpan<RopeFrequencies> frequencies)
    {
        int half = frequencies[0].InverseFrequencies.Length;
        var cos = new float[positions.Length * half];
        var sin = new float[positions.Length * half];
        for (int i = 0; i + 1 < cumulativeLengths.Length; i++)
        {
            int start = cumulativeLengths[i], count = cumulativeLengths[i + 1] - start;
            RotaryTable.Fill(frequencies[i], positions.Slice(start, count), cos.AsSpan(start * half, count * half), sin.AsSpan(start * half, count * half));
        }

        return new RotaryRows(BothHalves(cos, positions.Length, half), BothHalves(sin, positions.Length, half));
    }

    private Tensor BothHalves(float[] values, int rows, int half)
    {
        using var scope = NewDisposeScope();
        Tensor halves_T1H = tensor(values, [rows, 1, half]).to(dataType).to(device);
        return cat([halves_T1H, halves_T1H], -1).MoveToOuterDisposeScope();
    }
}
