namespace LongContext.Cuda.Attention;

/// <summary>Which queries of a document see which of its keys: the same rules as Kernels/Attention/mask.cuh.</summary>
/// <param name="Queries">Queries of the document, its last tokens.</param>
/// <param name="Keys">Keys of the document.</param>
/// <param name="Left">Keys before its own position that a query sees.</param>
/// <param name="Right">Keys after its own position that a query sees.</param>
internal readonly record struct DocumentMask(int Queries, int Keys, int Left, int Right)
{
    /// <summary>Query i stands at position i + Shift.</summary>
    public int Shift => Keys - Queries;

    /// <summary>The keys, from First to before End, that any of the queries from <paramref name="query"/> to before <paramref name="queryEnd"/> sees.</summary>
    public (int First, int End) KeysSeen(int query, int queryEnd) => (Math.Max(0, query + Shift - Left), Math.Min(Keys, queryEnd + Shift + Right));

    /// <summary>The queries, from First to before End, that see any of the keys from <paramref name="key"/> to before <paramref name="keyEnd"/>.</summary>
    public (int First, int End) QueriesSeeing(int key, int keyEnd) => (Math.Max(0, key - Shift - Right), Math.Min(Queries, keyEnd - Shift + Left));

    /// <summary>Whether some of the queries does not see some of the keys.</summary>
    public bool IsBorder(int query, int queryRows, int key, int keyRows) =>
        key + keyRows > Math.Min(Keys, query + Shift + Right + 1) || key < query + queryRows - 1 + Shift - Left;

    /// <summary>Whether a query sees a key.</summary>
    public bool IsSeen(int query, int key) => key >= query + Shift - Left && key <= query + Shift + Right && key < Keys;

    /// <summary>How many tiles of keys the kernel walks for a tile of queries.</summary>
    public int KeyTiles(int query, int queryRows, int keyRows)
    {
        (int first, int end) = KeysSeen(query, Math.Min(query + queryRows, Queries));
        return Tiles(first, end, keyRows);
    }

    /// <summary>How many tiles of queries the kernel walks for a tile of keys and one head.</summary>
    public int QueryTiles(int key, int keyRows, int queryRows)
    {
        (int first, int end) = QueriesSeeing(key, Math.Min(key + keyRows, Keys));
        return Tiles(first, end, queryRows);
    }

    private static int Tiles(int first, int end, int rows)
    {
        first -= first % rows;
        return end > first ? (end - first + rows - 1) / rows : 0;
    }
}
