using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Data.Cleaning;

/// <summary>Documents by the bands of their signatures; those with an equal band are linked, the latest first.</summary>
/// <remarks>Memory for each document and band: 12 bytes and an entry of a dictionary (28 to 56 bytes, as it grows by doubling).</remarks>
internal sealed class LshTable(LshBands bands)
{
    /// <summary>No link.</summary>
    public const int End = -1;

    private readonly Dictionary<ulong, int>[] heads = [.. Enumerable.Range(0, bands.Bands).Select(_ => new Dictionary<ulong, int>())];
    private readonly List<int> documents = []; // of link l
    private readonly List<int> next = [];
    private readonly List<int> skips = []; // where the row of documents of one set that begins with link l may be left

    /// <summary>A number for each band's places.</summary>
    public ulong[] Keys(ReadOnlySpan<uint> signature)
    {
        ulong[] keys = new ulong[bands.Bands];
        for (int band = 0; band < keys.Length; band++) keys[band] = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(signature.Slice(band * bands.Rows, bands.Rows)));
        return keys;
    }

    /// <summary>The link of the latest document with this band, or <see cref="End"/>.</summary>
    public int First(int band, ulong key) => heads[band].TryGetValue(key, out int link) ? link : End;

    /// <summary>The link's document.</summary>
    public int Document(int link) => documents[link];

    /// <summary>The link after this one, or <see cref="End"/>.</summary>
    public int Next(int link) => next[link];

    /// <summary>
    /// The next link whose document is in another set than this one's. What is passed over is remembered (sets only grow), so a band that thousands of
    /// documents of one set share costs no more than one that a few do.
    /// </summary>
    public int NextOutside(int link, DisjointSets sets)
    {
        int set = sets.Find(documents[link]), at = skips[link];
        while (at != End && sets.Find(documents[at]) == set) at = skips[at];
        return skips[link] = at;
    }

    public void Add(int band, ulong key, int document)
    {
        ref int head = ref CollectionsMarshal.GetValueRefOrAddDefault(heads[band], key, out bool exists);
        next.Add(exists ? head : End);
        skips.Add(next[^1]);
        documents.Add(document);
        head = next.Count - 1;
    }
}
