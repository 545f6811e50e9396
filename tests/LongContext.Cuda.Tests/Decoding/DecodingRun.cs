using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>How a case's cache lies in memory.</summary>
/// <param name="PageSize">Keys of a page; 0: contiguous.</param>
/// <param name="Room">Unused rows behind each sequence of a contiguous cache, or unused pages among those of a paged one.</param>
/// <param name="Apart">Elements between a row and the next, and between a token's queries and the next, as where q, k and v are slices of one array.</param>
internal sealed record CacheForm(int PageSize = 0, int Room = 0, int Apart = 0);

/// <summary>A case in device memory, and what the kernels make of it. All that no sequence owns is NaN, and so are the results before a run.</summary>
internal sealed class DecodingRun : IDisposable
{
    private readonly List<CudaBuffer> buffers = [];
    private readonly CudaContext context;
    private readonly DecodingCase c;
    private readonly DecodingShape shape;
    private readonly CudaBuffer o;
    private readonly CudaBuffer logSumExp;
    private readonly DecodingArguments arguments;

    public DecodingRun(CudaContext context, DecodingCase c, CacheForm? form = null, CodedCase? coded = null)
    {
        form ??= new CacheForm();
        (this.context, this.c) = (context, c);
        shape = coded is null ? c.Shape : c.Shape with { Codes = coded.Codes };
        int rowElements = shape.KeyHeads * shape.HeadSize;
        int keyStride = (shape.KeyHeads * shape.HeadSize) + form.Apart, queryStride = (shape.Heads * shape.HeadSize) + form.Apart;
        (int[] starts, int[] pages, int maxPages, int rows) = form.PageSize == 0 ? Contiguous(form) : Paged(form);
        int rowBytes = coded is null ? 2 * keyStride : coded.RowBytes;
        byte[] k = PoisonedBytes((long)rows * rowBytes), v = PoisonedBytes((long)rows * rowBytes);
        ushort[] q = Poisoned((long)c.Tokens * queryStride);
        for (int token = 0; token < c.Tokens; token++) Copy(c.Q, token, shape.Heads * shape.HeadSize, q, (long)token * queryStride);
        for (int sequence = 0; sequence < c.Lengths.Count; sequence++)
        {
            (int begin, _) = c.Seen(sequence, 0);
            for (int key = begin; key < c.Lengths[sequence]; key++) // those before the window are NaN too
            {
                int row = form.PageSize == 0 ? starts[sequence] + key : (pages[(sequence * maxPages) + (key / form.PageSize)] * form.PageSize) + (key % form.PageSize);
                Put(k.AsSpan(row * rowBytes, rowBytes), c.K[sequence], coded?.K[sequence]);
                Put(v.AsSpan(row * rowBytes, rowBytes), c.V[sequence], coded?.V[sequence]);

                void Put(Span<byte> to, float[] numbers, byte[]? codes)
                {
                    if (codes is not null) codes.AsSpan(key * rowBytes, rowBytes).CopyTo(to);
                    else for (int i = 0; i < rowElements; i++) BitConverter.TryWriteBytes(to[(2 * i)..], ElementBits.From(shape.Element, numbers[(key * rowElements) + i]));
                }
            }
        }

        o = Allocate(2L * c.Tokens * shape.Heads * shape.HeadSize);
        logSumExp = Allocate(4L * c.Tokens * shape.Heads);
        CacheBytes = 2L * (coded is null ? 2 * rowElements : rowBytes) * Enumerable.Range(0, c.Lengths.Count).Sum(s => (long)Math.Max(0, c.Lengths[s] - c.Seen(s, 0).Begin));
        arguments = new DecodingArguments
        {
            Query = Upload(q),
            Keys = Upload(k),
            Values = Upload(v),
            Output = o.Address,
            LogSumExp = logSumExp.Address,
            QueryBorders = Upload(c.QueryBorders),
            Lengths = form is { PageSize: 0, Room: 0 } ? 0 : Upload(c.Lengths.ToArray()),
            KeyBorders = form.PageSize == 0 ? Upload(starts) : 0,
            Pages = form.PageSize == 0 ? 0 : Upload(pages),
            MaxPages = maxPages,
            PageSize = form.PageSize,
            PlanWords = 0,
            Tokens = c.Tokens,
            QueryStride = queryStride,
            KeyStride = coded is null ? keyStride : 0,
            ValueStride = coded is null ? keyStride : 0,
            Scale = c.Scale,
            SoftCap = c.SoftCap,
        };
    }

    /// <summary>Keys and values that some query sees, in bytes.</summary>
    public long CacheBytes { get; }

    /// <summary>Decodes and gives results as bits.</summary>
    public (ushort[] O, float[] LogSumExp) Forward(DecodingPlan? plan = null, bool poisonWorkspace = true)
    {
        plan ??= DecodingPlan.Create(shape, c.Lengths.ToArray(), context.Architecture);
        using var words = new CudaBuffer(context, Math.Max(16, plan.WordBytes));
        using var workspace = new CudaBuffer(context, Math.Max(16, plan.WorkspaceBytes));
        words.Upload(plan.Words);
        if (poisonWorkspace) workspace.Fill(0xff);
        Poison();
        new DecodingAttention(context).Forward(arguments with { PlanWords = words.Address, Workspace = workspace.Address }, plan);
        return Results();
    }

    /// <summary>The same by the plain kernel.</summary>
    public (ushort[] O, float[] LogSumExp) Reference()
    {
        Poison();
        new DecodingAttention(context).Reference(arguments, shape, c.Lengths.Count);
        return Results();
    }

    public void Dispose()
    {
        foreach (CudaBuffer buffer in buffers) buffer.Dispose();
    }

    private static ushort[] Poisoned(long count)
    {
        var values = new ushort[Math.Max(count, 8)];
        Array.Fill(values, (ushort)0xffff);
        return values;
    }

    private static byte[] PoisonedBytes(long count)
    {
        var values = new byte[Math.Max(count, 16)];
        Array.Fill(values, (byte)0xff);
        return values;
    }

    private void Copy(float[] from, int row, int count, ushort[] to, long at)
    {
        for (int i = 0; i < count; i++) to[at + i] = ElementBits.From(c.Shape.Element, from[((long)row * count) + i]);
    }

    private (int[] Starts, int[] Pages, int MaxPages, int Rows) Contiguous(CacheForm form)
    {
        var starts = new int[c.Lengths.Count + 1];
        for (int i = 0; i < c.Lengths.Count; i++) starts[i + 1] = starts[i] + c.Lengths[i] + form.Room;
        return (starts, [], 0, starts[^1]);
    }

    private (int[] Starts, int[] Pages, int MaxPages, int Rows) Paged(CacheForm form)
    {
        int[] counts = [.. c.Lengths.Select(length => (length + form.PageSize - 1) / form.PageSize)];
        int maxPages = counts.Max() + 1, all = counts.Sum() + form.Room;
        int[] scattered = [.. Enumerable.Range(0, all)];
        new Random(5).Shuffle(scattered);
        var pages = new int[c.Lengths.Count * maxPages];
        Array.Fill(pages, int.MinValue / 512); // never to be looked at: a key there would be far outside the cache
        int next = 0;
        for (int sequence = 0; sequence < c.Lengths.Count; sequence++)
        {
            int firstSeen = c.Seen(sequence, 0).Begin / form.PageSize;
            for (int page = 0; page < counts[sequence]; page++, next++)
            {
                if (page >= firstSeen) pages[(sequence * maxPages) + page] = scattered[next]; // earlier ones have been given back
            }
        }

        return ([], pages, maxPages, all * form.PageSize);
    }

    private nint Upload<T>(T[] values)
        where T : unmanaged
    {
        CudaBuffer buffer = Allocate(Math.Max(16, (long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()));
        buffer.Upload<T>(values);
        return buffer.Address;
    }

    private CudaBuffer Allocate(long bytes)
    {
        var buffer = new CudaBuffer(context, Math.Max(16, bytes));
        buffers.Add(buffer);
        return buffer;
    }

    private void Poison()
    {
        o.Fill(0xff);
        logSumExp.Fill(0xff);
    }

    private (ushort[] O, float[] LogSumExp) Results() =>
        (o.Download<ushort>(c.Tokens * c.Shape.Heads * c.Shape.HeadSize), logSumExp.Download<float>(c.Tokens * c.Shape.Heads));
}
