// Shape suffixes: T tokens, N tokens of some pages, K key/value heads, D head size.
using LongContext.Cuda;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rows;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Pages in a GPU's memory as LongContext.Cuda's kernels read them. A group's pages lie one after another in one range of addresses, of which chunks have
/// memory while a page of theirs is committed. A page holds for each of the group's layers the keys <c>[page tokens, heads, size]</c> and then the values.
/// </summary>
/// <remarks>
/// Rows of a layer's keys are counted from the layer's place in page 0: the row of token t of page p is p · <see cref="RowsOfPage"/> + t, for keys and values
/// alike. So a table of pages with p · 2 · layers in place of p serves kernels whose pages lie densely, for all layers. A row is numbers of the model's type or, in
/// int8 and float8, codes and their scales (<see cref="CodedRow"/>).
/// </remarks>
internal sealed unsafe class CudaPageStore : ITensorPages
{
    /// <summary>Fewer and larger chunks cost fewer calls of the driver; a request's last pages take the rest of one.</summary>
    private const long LeastChunkBytes = 16L << 20;

    private const int OutOfMemory = 2; // CUDA_ERROR_OUT_OF_MEMORY

    private readonly CudaContext context;
    private readonly CacheGroups groups;
    private readonly CacheAppend append;
    private readonly GatherKernel gatherRows;
    private readonly CodedRows codedRows;
    private readonly Device device;
    private readonly CacheElement element;
    private readonly int keyHeads;
    private readonly int headSize;
    private readonly Range[] ranges;
    private bool disposed;

    /// <summary>An empty store.</summary>
    /// <param name="context">The GPU.</param>
    /// <param name="groups">The model's groups.</param>
    /// <param name="model">The model, of bfloat16 or float16.</param>
    /// <param name="pageTokens">Tokens of a page.</param>
    /// <param name="addressBytes">Bytes of addresses for each group; the memory is taken as pages are committed.</param>
    /// <param name="chunkBytes">Least bytes of a chunk.</param>
    /// <param name="codes">What rows are; by default numbers of the model's type.</param>
    public CudaPageStore(
        CudaContext context, CacheGroups groups, CausalLanguageModel model, int pageTokens, long addressBytes, long chunkBytes = LeastChunkBytes, CacheCodes codes = CacheCodes.None)
    {
        (this.context, this.groups, device, PageTokens) = (context, groups, model.Device, pageTokens);
        (keyHeads, headSize) = (model.Shape.KeyValueHeadCount, model.Shape.HeadDimension);
        element = model.DataType == ScalarType.BFloat16 ? CacheElement.BFloat16 : CacheElement.Float16;
        append = new CacheAppend(context);
        gatherRows = new GatherKernel(context);
        Codes = codes;
        codedRows = new CodedRows(context, element, codes, keyHeads, headSize);
        long layerBytes = 2 * pageTokens * RowBytes;
        Groups = [.. groups.Windows.Select((window, group) => new CacheGroup(window, groups.LayerCounts[group], groups.LayerCounts[group] * layerBytes))];
        // Rows are counted in 31 bits.
        long most = Math.Min(addressBytes, (int.MaxValue - 4_096L) * RowBytes);
        ranges = new Range[Groups.Count];
        try
        {
            for (int group = 0; group < ranges.Length; group++)
            {
                long page = Groups[group].PageBytes;
                ranges[group] = new Range(new CudaArena(context, Math.Max(page, most / page * page), Math.Max(page, chunkBytes)), page);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public bool InHostMemory => false;

    /// <inheritdoc />
    public int PageTokens { get; }

    /// <inheritdoc />
    public IReadOnlyList<CacheGroup> Groups { get; }

    /// <inheritdoc />
    public long CommittedBytes { get; private set; }

    /// <summary>Tokens that there are addresses for.</summary>
    public int TokenCapacity => (int)Math.Min(int.MaxValue, ranges.Max(range => range.Pages) * (long)PageTokens);

    /// <summary>What rows are.</summary>
    public CacheCodes Codes { get; }

    /// <summary>Bytes that are held whether pages are committed or not: 0 but for drivers without virtual memory management.</summary>
    public long PlainBytes => ranges.Sum(range => range.Arena.PlainBytes);

    private long RowBytes => Codes == CacheCodes.None ? 2L * keyHeads * headSize : CodedRow.Bytes(keyHeads, headSize);

    /// <summary>What a page's number is multiplied with in a table of pages.</summary>
    public int PageFactor(int group) => 2 * groups.LayerCounts[group];

    /// <summary>Rows from a page to the next.</summary>
    public int RowsOfPage(int group) => PageFactor(group) * PageTokens;

    /// <summary>Rows of a group, from a layer's first one on.</summary>
    public int RowCount(int group) => checked((int)(ranges[group].Pages * (long)RowsOfPage(group)) - ((PageFactor(group) - 1) * PageTokens));

    /// <summary>Where a layer's keys begin; its values begin a page's tokens later.</summary>
    public nint KeysOf(int layer) => ranges[groups.GroupOf(layer)].Arena.Address + (nint)(2L * groups.PlaceOf(layer) * PageTokens * RowBytes);

    /// <summary>Where a layer's values begin.</summary>
    public nint ValuesOf(int layer) => KeysOf(layer) + (nint)(PageTokens * RowBytes);

    /// <summary>Whether a page may be written and read.</summary>
    public bool IsCommitted(int group, int page) => (uint)page < (uint)ranges[group].Committed.Count && ranges[group].Committed[page];

    /// <exception cref="InvalidOperationException">The page is not committed.</exception>
    public void Require(int group, int page)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!IsCommitted(group, page)) throw new InvalidOperationException($"Page {page} of group {group} is not committed.");
    }

    /// <inheritdoc />
    public void Commit(int group, int page)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        Range range = ranges[group];
        if (page >= range.Pages) throw new InsufficientMemoryException($"There are addresses for {range.Pages:N0} pages of the cache; page {page} was asked for.");
        if (IsCommitted(group, page)) throw new InvalidOperationException($"Page {page} of group {group} is committed already.");
        (int first, int last) = range.ChunksOf(page);
        for (int chunk = first; chunk <= last; chunk++)
        {
            if (range.Users[chunk] == 0 && !TryMap(range, chunk, out string reason))
            {
                Release(range, first, chunk - 1);
                throw new InsufficientMemoryException($"There is no memory for {range.Arena.ChunkBytes:N0} bytes more of the cache: {reason}");
            }

            range.Users[chunk]++;
        }

        while (range.Committed.Count <= page) range.Committed.Add(false);
        range.Committed[page] = true;
    }

    /// <inheritdoc />
    public void Decommit(int group, int page)
    {
        Require(group, page);
        Range range = ranges[group];
        (int first, int last) = range.ChunksOf(page);
        range.Committed[page] = false;
        Release(range, first, last);
    }

    /// <inheritdoc />
    public void Copy(int group, int from, int to, int tokens)
    {
        (nint source, nint target) = (AddressOf(group, from), AddressOf(group, to));
        using CurrentContext current = context.Enter();
        for (int part = 0; part < PageFactor(group); part++)
        {
            nint offset = (nint)(part * PageTokens * RowBytes);
            CudaException.ThrowIfFailed(
                context.Driver, context.Driver.MemoryCopyOnDevice(target + offset, source + offset, (nuint)(tokens * RowBytes), 0), "cuMemcpyDtoDAsync");
        }
    }

    /// <inheritdoc />
    public void Select(int group, ReadOnlySpan<int> from, ReadOnlySpan<int> to, PromptChoice choice)
    {
        // As rows of one head each: every head keeps tokens of its own.
        int[] rows = new int[choice.Count * keyHeads], slots = new int[choice.Count];
        for (int token = 0; token < choice.Count; token++) slots[token] = RowOf(group, to, token);
        using var scope = NewDisposeScope();
        Tensor target = OnDevice(slots);
        for (int layer = 0; layer < groups.LayerCounts.Sum(); layer++)
        {
            if (groups.GroupOf(layer) != group) continue;
            for (int head = 0; head < keyHeads; head++)
            {
                ReadOnlySpan<int> kept = choice.Kept(groups.PlaceOf(layer), head);
                for (int token = 0; token < kept.Length; token++)
                {
                    int row = RowOf(group, from, kept[token]);
                    rows[(token * keyHeads) + head] = Codes == CacheCodes.None ? checked((row * keyHeads) + head) : row;
                }
            }

            using var inner = NewDisposeScope();
            Tensor source = OnDevice(rows);
            if (Codes != CacheCodes.None)
            {
                codedRows.Move(KeysOf(layer), RowCount(group), source.Address(), target.Address(), choice.Count, stream: 0);
                codedRows.Move(ValuesOf(layer), RowCount(group), source.Address(), target.Address(), choice.Count, stream: 0);
                continue;
            }

            Tensor keys = Rows(KeysOf(layer), source), values = Rows(ValuesOf(layer), source);
            Append(layer, group, target, keys, values);
        }

        Tensor Rows(nint table, Tensor indices) => Gathered(table, indices, headSize, checked(RowCount(group) * keyHeads)).reshape(choice.Count, keyHeads, headSize);
    }

    /// <inheritdoc />
    public void Save(int group, int page, Span<byte> host)
    {
        RequireLength(group, host.Length);
        nint source = AddressOf(group, page);
        using CurrentContext current = context.Enter();
        fixed (byte* place = host)
        {
            CudaException.ThrowIfFailed(context.Driver, context.Driver.MemoryCopyToHost(place, source, (nuint)host.Length, 0), "cuMemcpyDtoHAsync");
            context.Synchronize();
        }
    }

    /// <inheritdoc />
    public void Load(int group, int page, ReadOnlySpan<byte> host)
    {
        RequireLength(group, host.Length);
        nint target = AddressOf(group, page);
        using CurrentContext current = context.Enter();
        fixed (byte* place = host)
        {
            CudaException.ThrowIfFailed(context.Driver, context.Driver.MemoryCopyToDevice(target, place, (nuint)host.Length, 0), "cuMemcpyHtoDAsync");
            context.Synchronize();
        }
    }

    /// <inheritdoc />
    public PageGather Gather(int group, SequencePages pages, int first, int cached, int end)
    {
        int[] rows = new int[end - first];
        ReadOnlySpan<int> numbers = pages.Of(group);
        for (int token = first; token < end; token++) rows[token - first] = RowOf(group, numbers, token);
        return new PageGather(group, [], 0, rows.Length) { Slots = OnDevice(rows), NewSlots = cached < end ? OnDevice(rows[(cached - first)..]) : null };
    }

    /// <inheritdoc />
    public void Write(int layer, SequencePages pages, int position, PageGather gather, Tensor k_TKD, Tensor v_TKD)
    {
        using var scope = NewDisposeScope();
        Append(layer, gather.Group, gather.NewSlots!, InRows(k_TKD), InRows(v_TKD));
    }

    /// <inheritdoc />
    public (Tensor K_NKD, Tensor V_NKD) Read(int layer, PageGather gather, ScalarType dataType)
    {
        return (Rows(KeysOf(layer)), Rows(ValuesOf(layer)));

        Tensor Rows(nint from)
        {
            Tensor result_NKD = Gathered(from, gather.Slots!, keyHeads * headSize, RowCount(gather.Group)).reshape(gather.Count, keyHeads, headSize);
            return dataType == result_NKD.dtype ? result_NKD : result_NKD.to(dataType);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        // Steps may still be under way on the device.
        if (CommittedBytes > 0) context.Synchronize();
        foreach (Range range in ranges) range?.Arena.Dispose();
        CommittedBytes = 0;
    }

    private static Tensor InRows(Tensor x_TKD) => x_TKD.is_contiguous() && x_TKD.Address() % 16 == 0 ? x_TKD : x_TKD.contiguous().clone();

    /// <summary>In memory of libtorch's own, which is aligned as kernels ask for.</summary>
    private Tensor OnDevice(int[] rows)
    {
        using Tensor host = tensor(rows);
        return host.to(host.dtype, device, copy: true);
    }

    private void Append(int layer, int group, Tensor slots, Tensor k_TKD, Tensor v_TKD) => append.Run(new CacheAppendArguments
    {
        Element = element,
        Codes = Codes,
        Keys = k_TKD.Address(),
        Values = v_TKD.Address(),
        KeyCache = KeysOf(layer),
        ValueCache = ValuesOf(layer),
        Slots = slots.Address(),
        CacheRows = RowCount(group),
        Tokens = (int)k_TKD.size(0),
        KeyHeads = keyHeads,
        HeadSize = headSize,
    });

    /// <summary>Rows of a table [indices, columns].</summary>
    private Tensor Gathered(nint table, Tensor indices, int columns, int tableRows)
    {
        int rows = (int)indices.size(0);
        Tensor result = empty([rows, columns], dtype: element == CacheElement.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float16, device: device);
        if (Codes != CacheCodes.None)
        {
            codedRows.Gather(table, tableRows, indices.Address(), result.Address(), rows, stream: 0);
            return result;
        }

        gatherRows.Run(
            new GatherArguments
            {
                Type = element == CacheElement.BFloat16 ? ElementType.BFloat16 : ElementType.Float16,
                Rows = rows,
                Columns = columns,
                Indices = indices.Address(),
                Table = new RowTensor(table, columns),
                TableRows = tableRows,
                Result = new RowTensor(result.Address(), columns),
            },
            stream: 0);
        return result;
    }

    /// <summary>Where a token of some pages lies, counted from a layer's first row.</summary>
    private int RowOf(int group, ReadOnlySpan<int> pages, int token)
    {
        int page = pages[token / PageTokens];
        Require(group, page);
        return (page * RowsOfPage(group)) + (token % PageTokens);
    }

    private nint AddressOf(int group, int page)
    {
        Require(group, page);
        return ranges[group].Arena.Address + (nint)(page * Groups[group].PageBytes);
    }

    private bool TryMap(Range range, int chunk, out string reason)
    {
        reason = "";
        try
        {
            range.Arena.Map(chunk);
            CommittedBytes += range.Arena.ChunkBytes;
            return true;
        }
        catch (CudaException fault) when (fault.Status == OutOfMemory)
        {
            reason = fault.Message;
            return false;
        }
    }

    private void Release(Range range, int first, int last)
    {
        bool waited = false;
        for (int chunk = first; chunk <= last; chunk++)
        {
            if (--range.Users[chunk] > 0) continue;
            // Unmapping does not wait for what the stream still does there.
            if (!waited) context.Synchronize();
            waited = true;
            range.Arena.Unmap(chunk);
            CommittedBytes -= range.Arena.ChunkBytes;
        }
    }

    private void RequireLength(int group, int length)
    {
        if (length != Groups[group].PageBytes) throw new ArgumentException($"A page of group {group} has {Groups[group].PageBytes} bytes, but {length} were given.");
    }

    /// <summary>A group's addresses, and who uses them.</summary>
    private sealed class Range(CudaArena arena, long pageBytes)
    {
        public CudaArena Arena => arena;

        /// <summary>Pages that there are addresses for.</summary>
        public int Pages { get; } = checked((int)(arena.ChunkCount * arena.ChunkBytes / pageBytes));

        /// <summary>Committed pages of each chunk.</summary>
        public int[] Users { get; } = new int[arena.ChunkCount];

        /// <summary>By page.</summary>
        public List<bool> Committed { get; } = [];

        public (int First, int Last) ChunksOf(int page) => ((int)(page * pageBytes / arena.ChunkBytes), (int)((((page + 1) * pageBytes) - 1) / arena.ChunkBytes));
    }
}
