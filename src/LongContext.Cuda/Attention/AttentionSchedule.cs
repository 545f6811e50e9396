using System.Buffers;

namespace LongContext.Cuda.Attention;

/// <summary>
/// The order of work: pairs of (document, tile), those that take longest first, so that the last blocks to start are the short ones and no
/// multiprocessor waits long for another. Documents without rows have no work.
/// </summary>
/// <remarks>
/// The cost of an item is the number of tiles that its block walks; a tile costs the same wherever it lies, masked or not, to a few per cent.
/// Items of the same cost stay in the order of the row, neighbours in time being neighbours in memory.
/// </remarks>
internal static class AttentionSchedule
{
    /// <summary>Integers of an item: document and tile.</summary>
    public const int ItemLength = 2;

    /// <summary>How many tiles of a number of rows the documents have.</summary>
    public static int Count(ReadOnlySpan<int> borders, int rows)
    {
        long count = 0;
        for (int d = 0; d + 1 < borders.Length; d++) count += CountTiles(borders[d + 1] - borders[d], rows);
        return checked((int)count);
    }

    /// <summary>The items of kernels that work by tiles of queries.</summary>
    /// <param name="items">Takes the items, <see cref="ItemLength"/> integers each.</param>
    /// <param name="queryBorders">Borders of the documents in the row of queries.</param>
    /// <param name="keyBorders">Borders of the documents in the row of keys.</param>
    /// <param name="windowLeft">Keys before its own position that a query sees.</param>
    /// <param name="windowRight">Keys after its own position that a query sees.</param>
    /// <param name="queryRows">Queries of a tile.</param>
    /// <param name="keyRows">Keys of a tile.</param>
    public static void WriteByQueries(
        Span<int> items, ReadOnlySpan<int> queryBorders, ReadOnlySpan<int> keyBorders, int windowLeft, int windowRight, int queryRows, int keyRows) =>
        Write(items, queryBorders, keyBorders, windowLeft, windowRight, queryRows, keyRows, byKeys: false);

    /// <summary>The items of kernels that work by tiles of keys; parameters as in <see cref="WriteByQueries"/>.</summary>
    public static void WriteByKeys(
        Span<int> items, ReadOnlySpan<int> queryBorders, ReadOnlySpan<int> keyBorders, int windowLeft, int windowRight, int queryRows, int keyRows) =>
        Write(items, queryBorders, keyBorders, windowLeft, windowRight, queryRows, keyRows, byKeys: true);

    private static void Write(
        Span<int> items, ReadOnlySpan<int> queryBorders, ReadOnlySpan<int> keyBorders, int windowLeft, int windowRight, int queryRows, int keyRows, bool byKeys)
    {
        int count = items.Length / ItemLength;
        // A key of 64 bits an item: the cost, negated, above the item's place in the row.
        long[] order = ArrayPool<long>.Shared.Rent(count);
        int[] unordered = ArrayPool<int>.Shared.Rent(items.Length);
        try
        {
            int n = 0;
            for (int d = 0; d + 1 < queryBorders.Length; d++)
            {
                var mask = new DocumentMask(queryBorders[d + 1] - queryBorders[d], keyBorders[d + 1] - keyBorders[d], windowLeft, windowRight);
                int tiles = byKeys ? CountTiles(mask.Keys, keyRows) : CountTiles(mask.Queries, queryRows);
                for (int tile = 0; tile < tiles; tile++, n++)
                {
                    int cost = byKeys ? mask.QueryTiles(tile * keyRows, keyRows, queryRows) : mask.KeyTiles(tile * queryRows, queryRows, keyRows);
                    order[n] = ((long)-cost << 32) + n;
                    unordered[ItemLength * n] = d;
                    unordered[(ItemLength * n) + 1] = tile;
                }
            }

            order.AsSpan(0, n).Sort();
            for (int i = 0; i < n; i++)
            {
                int from = (int)(uint)order[i];
                items[ItemLength * i] = unordered[ItemLength * from];
                items[(ItemLength * i) + 1] = unordered[(ItemLength * from) + 1];
            }
        }
        finally
        {
            ArrayPool<long>.Shared.Return(order);
            ArrayPool<int>.Shared.Return(unordered);
        }
    }

    private static int CountTiles(int length, int rows) => (int)(((long)length + rows - 1) / rows);
}
