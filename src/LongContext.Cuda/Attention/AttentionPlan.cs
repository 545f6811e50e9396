using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>
/// One pack's attention on one kind of GPU: which instances run and on what work, as one array of integers to upload, which the calls of all
/// layers share. Pure; nothing here touches a GPU.
/// </summary>
internal sealed class AttentionPlan
{
    /// <summary>Most queries or keys of a pack: a position and a window's side still add up to 32 bits.</summary>
    public const int MaxTokens = 1 << 29;

    private readonly int[] data;

    /// <param name="shape">Heads, mask and scores.</param>
    /// <param name="architecture">The GPU.</param>
    /// <param name="queryBorders">Borders of the documents in the row of queries: from 0 up.</param>
    /// <param name="keyBorders">Borders of the documents in the row of keys; empty for the same as the queries'.</param>
    /// <param name="withBackward">Whether the backward pass will be run too.</param>
    /// <exception cref="ArgumentException">The shape or the borders are at fault.</exception>
    /// <exception cref="NotSupportedException">The GPU cannot run these kernels.</exception>
    public AttentionPlan(
        AttentionShape shape, GpuArchitecture architecture, ReadOnlySpan<int> queryBorders, ReadOnlySpan<int> keyBorders = default, bool withBackward = true)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.Validate();
        if (keyBorders.IsEmpty) keyBorders = queryBorders;
        CheckBorders(queryBorders, nameof(queryBorders));
        CheckBorders(keyBorders, nameof(keyBorders));
        if (queryBorders.Length != keyBorders.Length)
            throw new ArgumentException($"queryBorders has {queryBorders.Length} numbers and keyBorders {keyBorders.Length}; a document has queries and keys.", nameof(keyBorders));

        Shape = shape;
        Documents = queryBorders.Length - 1;
        Tokens = queryBorders[^1];
        Keys = keyBorders[^1];
        ForwardTiles = TileChoice.Of(AttentionPass.Forward, shape.HeadSize, architecture);
        int forwardItems = AttentionSchedule.Count(queryBorders, ForwardTiles.QueryRows);
        int keyItems = 0, queryItems = 0;
        if (withBackward)
        {
            KeyTiles = TileChoice.Of(AttentionPass.BackwardKeys, shape.HeadSize, architecture);
            keyItems = AttentionSchedule.Count(keyBorders, KeyTiles.KeyRows);
            if (shape.Deterministic) QueryTiles = TileChoice.Of(AttentionPass.BackwardQueries, shape.HeadSize, architecture);
            queryItems = AttentionSchedule.Count(queryBorders, QueryTileRows);
        }

        CheckGrid(forwardItems, shape.Heads);
        CheckGrid(keyItems, shape.KeyHeads);
        CheckGrid(queryItems, shape.Heads);

        QueryBorders = new AttentionSection(0, queryBorders.Length);
        KeyBorders = QueryBorders.Next(keyBorders.Length);
        ForwardWork = KeyBorders.Next(forwardItems * AttentionSchedule.ItemLength);
        KeyWork = ForwardWork.Next(keyItems * AttentionSchedule.ItemLength);
        QueryWork = KeyWork.Next(queryItems * AttentionSchedule.ItemLength);
        data = new int[QueryWork.First + QueryWork.Length];
        queryBorders.CopyTo(Of(QueryBorders));
        keyBorders.CopyTo(Of(KeyBorders));
        (int left, int right) = (shape.WindowLeft, shape.WindowRight);
        AttentionSchedule.WriteByQueries(Of(ForwardWork), queryBorders, keyBorders, left, right, ForwardTiles.QueryRows, ForwardTiles.KeyRows);
        if (KeyTiles is null) return;
        AttentionSchedule.WriteByKeys(Of(KeyWork), queryBorders, keyBorders, left, right, KeyTiles.QueryRows, KeyTiles.KeyRows);
        AttentionSchedule.WriteByQueries(Of(QueryWork), queryBorders, keyBorders, left, right, QueryTileRows, (QueryTiles ?? KeyTiles).KeyRows);

        Span<int> Of(AttentionSection section) => data.AsSpan(section.First, section.Length);
    }

    /// <summary>Heads, mask and scores.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Number of documents, empty ones included.</summary>
    public int Documents { get; }

    /// <summary>Number of queries.</summary>
    public int Tokens { get; }

    /// <summary>Number of keys.</summary>
    public int Keys { get; }

    /// <summary>The forward kernel's instance.</summary>
    public TileShape ForwardTiles { get; }

    /// <summary>The instance of the backward kernel by keys; null in a plan without backward.</summary>
    public TileShape? KeyTiles { get; }

    /// <summary>The instance of the backward kernel by queries; null unless the plan has a deterministic backward.</summary>
    public TileShape? QueryTiles { get; }

    /// <summary>Queries of a tile of what follows the kernel by keys: of ∂q's own kernel, or of the sums of ∂q.</summary>
    public int QueryTileRows => QueryTiles?.QueryRows ?? KeyTiles?.QueryRows ?? 0;

    /// <summary>Everything that the kernels read besides tensors, to be uploaded as it is.</summary>
    public ReadOnlyMemory<int> Data => data;

    /// <summary>Where the borders of queries lie in <see cref="Data"/>.</summary>
    public AttentionSection QueryBorders { get; }

    /// <summary>Where the borders of keys lie.</summary>
    public AttentionSection KeyBorders { get; }

    /// <summary>Where the forward kernel's work lies.</summary>
    public AttentionSection ForwardWork { get; }

    /// <summary>Where the work of the backward kernel by keys lies.</summary>
    public AttentionSection KeyWork { get; }

    /// <summary>Where the work by tiles of <see cref="QueryTileRows"/> queries lies.</summary>
    public AttentionSection QueryWork { get; }

    /// <summary>Tiles of the sums of ∂q: enough that document d's begin at queryBorders[d] / rows + d without meeting the next one's.</summary>
    public int SumTiles => KeyTiles is null || QueryTiles is not null ? 0 : (Tokens / KeyTiles.QueryRows) + Documents;

    private static void CheckBorders(ReadOnlySpan<int> borders, string name)
    {
        if (borders.IsEmpty || borders[0] != 0) throw new ArgumentException($"{name} must begin with 0.", name);
        for (int i = 1; i < borders.Length; i++)
        {
            if (borders[i] < borders[i - 1]) throw new ArgumentException($"{name}[{i}] is {borders[i]}, below {borders[i - 1]} before it.", name);
        }

        if (borders[^1] > MaxTokens) throw new ArgumentException($"{name} ends at {borders[^1]}; at most {MaxTokens} is possible.", name);
    }

    private static void CheckGrid(int items, int heads)
    {
        if ((long)items * heads > int.MaxValue) throw new ArgumentException($"{items} tiles of {heads} heads are more blocks than a grid may have.");
    }
}
