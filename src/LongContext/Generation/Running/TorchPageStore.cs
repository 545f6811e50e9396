// Shape suffixes: N tokens of some pages, K key/value heads, D head size.
using System.Runtime.InteropServices;
using LongContext.Models;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Pages in tensors. A slab holds neighbouring numbers of a group: for each layer keys and values <c>[pages, page tokens, heads, size]</c>, and scales
/// <c>[pages, page tokens, heads, 1]</c> where the format has them. It is made with its first page and freed with its last.
/// </summary>
internal sealed class TorchPageStore : ITensorPages
{
    /// <summary>Keys, values, and their scales.</summary>
    private const int Keys = 0, Values = 1, KeyScales = 2, ValueScales = 3;

    private readonly CacheGroups groups;
    private readonly TensorCacheFormat format;
    private readonly Device device;
    private readonly int slabPages;
    private readonly long[][] planeShapes;
    private readonly List<Slab?>[] slabs;
    private bool disposed;

    /// <summary>An empty store.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="format">How numbers lie; the store's from here on.</param>
    /// <param name="pageTokens">Tokens of a page.</param>
    /// <param name="keyHeads">Heads of keys and values.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="device">Where it lies.</param>
    /// <param name="slabPages">Pages of a slab, 1 to 64.</param>
    public TorchPageStore(CacheGroups groups, TensorCacheFormat format, int pageTokens, int keyHeads, int headSize, Device device, int slabPages = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slabPages, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slabPages, 64);
        (this.groups, this.format, this.device, this.slabPages, PageTokens) = (groups, format, device, slabPages, pageTokens);
        long[] numbers = [slabPages, pageTokens, keyHeads, headSize], scales = [slabPages, pageTokens, keyHeads, 1];
        planeShapes = format.HasScales ? [numbers, numbers, scales, scales] : [numbers, numbers];
        Groups = [.. groups.Windows.Select((window, group) => new CacheGroup(window, groups.LayerCounts[group], groups.LayerCounts[group] * LayerPageBytes))];
        slabs = [.. Groups.Select(_ => new List<Slab?>())];
    }

    /// <inheritdoc />
    public bool InHostMemory => device.type == TorchSharp.DeviceType.CPU;

    /// <inheritdoc />
    public int PageTokens { get; }

    /// <inheritdoc />
    public IReadOnlyList<CacheGroup> Groups { get; }

    /// <inheritdoc />
    public long CommittedBytes { get; private set; }

    private long LayerPageBytes => Enumerable.Range(0, planeShapes.Length).Sum(PlanePageBytes);

    /// <inheritdoc />
    public void Commit(int group, int page)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        List<Slab?> all = slabs[group];
        int number = page / slabPages;
        while (all.Count <= number) all.Add(null);
        Slab slab = all[number] ??= Make(group);
        ulong bit = 1UL << (page % slabPages);
        if ((slab.Committed & bit) != 0) throw new InvalidOperationException($"Page {page} of group {group} is committed already.");
        slab.Committed |= bit;
    }

    /// <inheritdoc />
    public void Decommit(int group, int page)
    {
        Slab slab = SlabOf(group, page);
        slab.Committed &= ~(1UL << (page % slabPages));
        if (slab.Committed != 0) return;
        slabs[group][page / slabPages] = null;
        slab.Dispose();
        CommittedBytes -= Groups[group].PageBytes * slabPages;
    }

    /// <inheritdoc />
    public void Copy(int group, int from, int to, int tokens)
    {
        using var scope = NewDisposeScope();
        Slab source = SlabOf(group, from), target = SlabOf(group, to);
        for (int i = 0; i < source.Planes.Length; i++)
            target.Planes[i].select(0, to % slabPages).narrow(0, 0, tokens).copy_(source.Planes[i].select(0, from % slabPages).narrow(0, 0, tokens));
    }

    /// <inheritdoc />
    public void Select(int group, ReadOnlySpan<int> from, ReadOnlySpan<int> to, PromptChoice choice)
    {
        int[] sources = from.ToArray(), targets = to.ToArray();
        for (int layer = 0; layer < groups.LayerCounts[group]; layer++)
        {
            using var scope = NewDisposeScope();
            long heads = planeShapes[Keys][2];
            Tensor kept_NK = stack([.. Enumerable.Range(0, (int)heads).Select(head => HostTensors.InScope(choice.Kept(layer, head), device))], 1);
            for (int plane = 0; plane < planeShapes.Length; plane++)
            {
                int index = (layer * planeShapes.Length) + plane;
                long size = planeShapes[plane][3];
                Tensor all = cat([.. sources.Select(page => SlabOf(group, page).Planes[index].select(0, page % slabPages))], 0);
                Tensor kept = all.gather(0, kept_NK.unsqueeze(2).expand(choice.Count, heads, size));
                for (int i = 0; i < targets.Length; i++)
                {
                    int rows = Math.Min(PageTokens, choice.Count - (i * PageTokens));
                    SlabOf(group, targets[i]).Planes[index].select(0, targets[i] % slabPages).narrow(0, 0, rows).copy_(kept.narrow(0, (long)i * PageTokens, rows));
                }
            }
        }
    }

    /// <inheritdoc />
    public unsafe void Save(int group, int page, Span<byte> host)
    {
        RequireLength(group, host.Length);
        using var scope = NewDisposeScope();
        foreach (Tensor plane in SlabOf(group, page).Planes)
        {
            Tensor copy = plane.select(0, page % slabPages).cpu();
            var bytes = new ReadOnlySpan<byte>((void*)copy.Address(), checked((int)(copy.numel() * copy.element_size())));
            bytes.CopyTo(host);
            host = host[bytes.Length..];
        }
    }

    /// <inheritdoc />
    public unsafe void Load(int group, int page, ReadOnlySpan<byte> host)
    {
        RequireLength(group, host.Length);
        using var scope = NewDisposeScope();
        foreach (Tensor plane in SlabOf(group, page).Planes)
        {
            Tensor place = plane.select(0, page % slabPages), copy = empty(place.shape, dtype: place.dtype);
            var bytes = new Span<byte>((void*)copy.Address(), checked((int)(copy.numel() * copy.element_size())));
            host[..bytes.Length].CopyTo(bytes);
            place.copy_(copy);
            host = host[bytes.Length..];
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        disposed = true;
        foreach (List<Slab?> group in slabs)
        {
            foreach (Slab? slab in group) slab?.Dispose();
            group.Clear();
        }

        CommittedBytes = 0;
        format.Dispose();
    }

    /// <inheritdoc />
    public void Write(int layer, SequencePages pages, int position, PageGather gather, Tensor k_TKD, Tensor v_TKD)
    {
        using var scope = NewDisposeScope();
        int group = groups.GroupOf(layer), count = (int)k_TKD.size(0);
        ReadOnlySpan<int> numbers = pages.Of(group);
        (Tensor keys, Tensor? keyScales) = format.Encode(k_TKD);
        (Tensor values, Tensor? valueScales) = format.Encode(v_TKD);
        for (int done = 0; done < count;)
        {
            int at = position + done, offset = at % PageTokens, rows = Math.Min(PageTokens - offset, count - done), page = numbers[at / PageTokens], first = done;
            Slab slab = SlabOf(group, page);
            Put(Keys, keys);
            Put(Values, values);
            if (keyScales is not null) Put(KeyScales, keyScales);
            if (valueScales is not null) Put(ValueScales, valueScales);
            done += rows;

            void Put(int plane, Tensor source) =>
                slab.Planes[PlaceOf(layer, plane)].select(0, page % slabPages).narrow(0, offset, rows).copy_(source.narrow(0, first, rows));
        }
    }

    /// <inheritdoc />
    /// <remarks>Views of the pages where those lie side by side.</remarks>
    public (Tensor K_NKD, Tensor V_NKD) Read(int layer, PageGather gather, ScalarType dataType)
    {
        return (Numbers(Keys, KeyScales), Numbers(Values, ValueScales));

        Tensor Numbers(int plane, int scales) => format.Decode(Rows(layer, plane, gather), format.HasScales ? Rows(layer, scales, gather) : null, dataType);
    }

    /// <inheritdoc />
    public PageGather Gather(int group, SequencePages pages, int first, int cached, int end)
    {
        ReadOnlySpan<int> numbers = pages.Of(group);
        var runs = new List<PageRun>();
        int last = (end - 1) / PageTokens;
        for (int index = first / PageTokens; index <= last;)
        {
            int slab = SlabNumber(group, numbers[index]), count = 1;
            bool adjacent = true;
            while (index + count <= last && SlabNumber(group, numbers[index + count]) == slab)
            {
                adjacent &= numbers[index + count] == numbers[index + count - 1] + 1;
                count++;
            }

            int[] places = [.. numbers.Slice(index, count).ToArray().Select(page => page % slabPages)];
            runs.Add(new PageRun(slab, places[0], count, adjacent ? null : HostTensors.InScope(places, device)));
            index += count;
        }

        return new PageGather(group, runs, first % PageTokens, end - first);
    }

    private Tensor Rows(int layer, int plane, PageGather gather)
    {
        Tensor[] parts = [.. gather.Runs.Select(Part)];
        Tensor pages = parts.Length == 1 ? parts[0] : cat(parts, 0);
        return pages.reshape(-1, pages.size(2), pages.size(3)).narrow(0, gather.Skip, gather.Count);

        Tensor Part(PageRun run)
        {
            Tensor slab = slabs[gather.Group][run.Slab]!.Planes[PlaceOf(layer, plane)];
            return run.Places is null ? slab.narrow(0, run.First, run.Count) : slab.index_select(0, run.Places);
        }
    }

    private int PlaceOf(int layer, int plane) => (groups.PlaceOf(layer) * planeShapes.Length) + plane;

    private int SlabNumber(int group, int page)
    {
        SlabOf(group, page);
        return page / slabPages;
    }

    private Slab SlabOf(int group, int page)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        List<Slab?> all = slabs[group];
        return page >= 0 && page / slabPages < all.Count && all[page / slabPages] is { } slab && (slab.Committed & (1UL << (page % slabPages))) != 0
            ? slab
            : throw new InvalidOperationException($"Page {page} of group {group} is not committed.");
    }

    private Slab Make(int group)
    {
        var planes = new List<Tensor>();
        try
        {
            for (int layer = 0; layer < groups.LayerCounts[group]; layer++)
            {
                for (int plane = 0; plane < planeShapes.Length; plane++)
                    planes.Add(empty(planeShapes[plane], dtype: plane >= KeyScales ? ScalarType.Float32 : format.CodeType, device: device).DetachFromDisposeScope());
            }
        }
        catch (ExternalException fault)
        {
            foreach (Tensor plane in planes) plane.Dispose();
            throw new InsufficientMemoryException($"There is no memory for {Groups[group].PageBytes * slabPages:N0} bytes more of the cache: {fault.Message}", fault);
        }

        CommittedBytes += Groups[group].PageBytes * slabPages;
        return new Slab([.. planes]);
    }

    private long PlanePageBytes(int plane)
    {
        long[] shape = planeShapes[plane];
        return shape[1] * shape[2] * shape[3] * (plane >= KeyScales ? sizeof(float) : format.CodeType.ElementSize());
    }

    private void RequireLength(int group, int length)
    {
        if (length != Groups[group].PageBytes) throw new ArgumentException($"A page of group {group} has {Groups[group].PageBytes} bytes, but {length} were given.");
    }

    /// <summary>Pages of neighbouring numbers.</summary>
    private sealed class Slab(Tensor[] planes) : IDisposable
    {
        /// <summary>By layer of the group and plane.</summary>
        public Tensor[] Planes => planes;

        /// <summary>A bit for each page.</summary>
        public ulong Committed { get; set; }

        public void Dispose()
        {
            foreach (Tensor plane in planes) plane.Dispose();
        }
    }
}
