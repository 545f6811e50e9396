using System.Globalization;
using LongContext.Data;
using LongContext.Packing;

namespace LongContext.Training;

/// <summary>Ready sources of packs.</summary>
public static class PackSource
{
    /// <summary>Names of what tells a list from others; states of earlier versions do not have them.</summary>
    internal const string SeedSetting = "seed", FingerprintSetting = "fingerprint";

    /// <summary>Packs of a list that are looked at for its fingerprint: each may have a hundred thousand tokens, or come from a disk.</summary>
    private const int FingerprintPacks = 64;

    /// <summary>Packs from a list, in another order in each pass, decided by the seed.</summary>
    /// <param name="packs">The packs of one pass.</param>
    /// <param name="seed">The same seed gives the same orders; null keeps the list's own order in every pass.</param>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    public static IPackSource FromList(IReadOnlyList<PackedBatch> packs, int? seed = 0)
    {
        ArgumentNullException.ThrowIfNull(packs);
        if (packs.Count == 0) throw new ArgumentException("There is no pack to train on: the data set is empty.", nameof(packs));
        return new ListSource(packs, seed);
    }

    /// <summary>Packs made when asked for, for example generated from their number.</summary>
    /// <param name="getPack">Gives the pack with a number; the same number must give the same pack. Asked for numbers from <paramref name="count"/> on in later passes.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    /// <param name="count">Packs of one pass, or null (the default) for a source without end.</param>
    public static IPackSource FromFunction(Func<long, PackedBatch> getPack, int? count = null)
    {
        ArgumentNullException.ThrowIfNull(getPack);
        if (count is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(count));
        return new FunctionSource(getPack, count);
    }

    internal static ArgumentException NullPack(int index) => new($"The packs cannot be trained on: pack {index} of the list is null.");

    private sealed class ListSource(IReadOnlyList<PackedBatch> packs, int? seed) : IPackSource, IPackSourceIdentity
    {
        private readonly int[] order = [.. Enumerable.Range(0, packs.Count)];
        private long orderedPass = -1;
        private string? fingerprint;

        public IReadOnlyList<(string Name, string Value)> Identity =>
            [(SeedSetting, seed?.ToString(CultureInfo.InvariantCulture) ?? "none"), (FingerprintSetting, fingerprint ??= Fingerprint.OfList(packs, FingerprintPacks))];

        public int? Count => packs.Count;

        public PackedBatch GetPack(long index)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            (long pass, long place) = Math.DivRem(index, packs.Count);
            if (seed is { } given && pass != orderedPass)
            {
                // Each pass shuffles the list's own order, so that pass 7 needs no passes 0 to 6.
                for (int i = 0; i < order.Length; i++) order[i] = i;
                new Random(HashCode(given, pass)).Shuffle(order);
                orderedPass = pass;
            }

            return packs[order[place]] ?? throw NullPack(order[place]);
        }

        /// <summary>Stable over processes, unlike System.HashCode.</summary>
        private static int HashCode(int seed, long pass) => unchecked((int)(((ulong)seed * 0x9E3779B97F4A7C15UL + (ulong)pass) * 0xBF58476D1CE4E5B9UL >> 32));
    }

    private sealed class FunctionSource(Func<long, PackedBatch> getPack, int? count) : IPackSource
    {
        public int? Count => count;

        public PackedBatch GetPack(long index) => getPack(index);
    }
}
