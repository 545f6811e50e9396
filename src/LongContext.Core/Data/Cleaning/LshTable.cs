using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Data.Cleaning;

/// <summary>Documents by the bands of their signatures; those with an equal band are linked, the latest first.</summary>
/// <remarks>Memory for each document and band: 4 bytes and an entry of a dictionary (28 to 56 bytes, as it grows by doubling).</remarks>
internal sealed class LshTable(LshBands bands)
{
    private const int End = -1;

    private readonly Dictionary<ulong, int>[] heads = [.. Enumerable.Range(0, bands.Bands).Select(_ => new Dictionary<ulong, int>())];
    private readonly List<int> documents = []; // of link l
    private readonly List<int> next = [];

    /// <summary>A number for each band's places.</summary>
    public ulong[] Keys(ReadOnlySpan<uint> signature)
    {
        ulong[] keys = new ulong[bands.Bands];
        for (int band = 0; band < keys.Length; band++) keys[band] = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(signature.Slice(band * bands.Rows, bands.Rows)));
        return keys;
    }

    /// <summary>The documents with this band, the first that came first.</summary>
    public int[] Sharing(int band, ulong key)
    {
        if (!heads[band].TryGetValue(key, out int link)) return [];
        int count = 0;
        for (int l = link; l != End; l = next[l]) count++;
        int[] sharing = new int[count];
        for (int l = link; l != End; l = next[l]) sharing[--count] = documents[l];
        return sharing;
    }

    public void Add(int band, ulong key, int document)
    {
        ref int head = ref CollectionsMarshal.GetValueRefOrAddDefault(heads[band], key, out bool exists);
        next.Add(exists ? head : End);
        documents.Add(document);
        head = next.Count - 1;
    }
}
