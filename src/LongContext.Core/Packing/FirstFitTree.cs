using System.Numerics;

namespace LongContext.Packing;

/// <summary>A segment tree over bins whose nodes hold the largest remaining capacity below them: first fit in O(log n).</summary>
internal sealed class FirstFitTree
{
    private readonly int leaves;
    private readonly int[] largest; // node 1 is the root, the children of k are 2k and 2k + 1

    public FirstFitTree(int bins, int capacity)
    {
        leaves = (int)BitOperations.RoundUpToPowerOf2((uint)bins);
        largest = new int[2 * leaves];
        // Bins not opened yet are empty ones: the leftmost that fits opens by itself.
        Array.Fill(largest, capacity);
    }

    /// <summary>Takes <paramref name="length"/> from the first bin that has it and returns that bin.</summary>
    public int Take(int length)
    {
        int node = 1;
        while (node < leaves)
        {
            node *= 2;
            if (largest[node] < length) node++;
        }

        int bin = node - leaves;
        largest[node] -= length;
        for (node /= 2; node >= 1; node /= 2)
        {
            int now = Math.Max(largest[2 * node], largest[(2 * node) + 1]);
            if (largest[node] == now) break;
            largest[node] = now;
        }

        return bin;
    }
}
