using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rows;
using LongContext.Cuda.Sampling;

namespace LongContext.Benchmarks.Gpu;

/// <summary>A step's memory and launches, one new token of each sequence: what generation launches, with each product's weights in place.</summary>
internal sealed class GpuStepWork : IDisposable
{
    private const int PageTokens = 64, Candidates = 64;
    private const ElementType Type = ElementType.BFloat16;

    private readonly CudaContext context;
    private readonly GpuStepWeights weights;
    private readonly GpuStepShape shape;
    private readonly int rows;
    private readonly List<CudaBuffer> buffers = [];
    private readonly GatherKernel gather;
    private readonly RmsNormKernel norms;
    private readonly LinearKernel linear;
    private readonly CacheAppend append;
    private readonly DecodingAttention attention;
    private readonly CandidateKernel candidates;
    private readonly DecodingPlan plan;
    private readonly nint ids, x, normed, heads, attended, product, logits, slots, positions, table, borders, lengths, pages, words, workspace, found;
    private readonly long layerBytes;
    private readonly nint cache;
    private readonly int cacheRows, maxPages;

    public GpuStepWork(CudaContext context, GpuStepWeights weights, int sequences, int length, CacheCodes codes)
    {
        (this.context, this.weights, shape, rows) = (context, weights, weights.Shape, sequences);
        (gather, norms, linear) = (new GatherKernel(context), new RmsNormKernel(context), new LinearKernel(context));
        (append, attention, candidates) = (new CacheAppend(context), new DecodingAttention(context), new CandidateKernel(context));
        var decoding = new DecodingShape { Element = CacheElement.BFloat16, Codes = codes, Heads = shape.Heads, KeyHeads = shape.KeyHeads, HeadSize = shape.HeadSize };
        plan = DecodingPlan.Create(decoding, [.. Enumerable.Repeat(length, sequences)], context.Architecture);
        maxPages = (length + PageTokens - 1) / PageTokens;
        cacheRows = sequences * maxPages * PageTokens;
        long rowBytes = codes == CacheCodes.None ? 2L * shape.KeyHeads * shape.HeadSize : CodedRow.Bytes(shape.KeyHeads, shape.HeadSize);
        layerBytes = 2 * cacheRows * rowBytes;
        CacheBytes = 2L * sequences * length * shape.Layers * rowBytes;

        cache = Make(layerBytes * shape.Layers, 0x3c);
        (x, normed, heads) = (Make(2L * rows * shape.Hidden, 0x3c), Make(2L * rows * shape.Hidden, 0), Make(2L * rows * shape.Projected, 0));
        (attended, product) = (Make(2L * rows * shape.Heads * shape.HeadSize, 0), Make(2L * rows * shape.Intermediate, 0));
        (logits, found) = (Make(4L * rows * shape.Vocabulary, 0), Make(rows * ((8L * Candidates) + 8), 0));
        table = Make(4L * (shape.HeadSize / 2), 0);
        (ids, positions) = (Upload(new int[rows]), Upload(new int[rows]));
        borders = Upload([.. Enumerable.Range(0, rows + 1)]);
        lengths = Upload([.. Enumerable.Repeat(length, rows)]);
        int[] order = [.. Enumerable.Range(0, rows * maxPages)];
        new Random(1).Shuffle(order);
        pages = Upload(order);
        slots = Upload([.. Enumerable.Range(0, rows).Select(row => (order[(row * maxPages) + ((length - 1) / PageTokens)] * PageTokens) + ((length - 1) % PageTokens))]);
        words = Upload(plan.Words.ToArray());
        workspace = Make(WorkspaceBytes(), 0);
    }

    /// <summary>Keys and values that a step reads.</summary>
    public long CacheBytes { get; }

    /// <summary>Puts the step on a stream.</summary>
    public void Run(nint stream)
    {
        gather.Run(
            new GatherArguments
            {
                Type = Type, Rows = rows, Columns = shape.Hidden, Indices = ids, Table = new RowTensor(weights.Head.Codes, shape.Hidden), TableRows = shape.Vocabulary,
                Result = new RowTensor(x, shape.Hidden), Scale = 1,
            },
            stream);
        for (int index = 0; index < shape.Layers; index++)
        {
            GpuStepWeights.Layer layer = weights.Layers[index];
            Norm(stream);
            Product(layer.QueryKeyValue, normed, heads, shape.Projected, stream);
            Attend(index, stream);
            Product(layer.Output, attended, x, shape.Hidden, stream, adds: true);
            Norm(stream);
            linear.Run(
                new LinearArguments
                {
                    Type = Type, Rows = rows, X = new RowTensor(normed, shape.Hidden), First = Part(layer.Gate, product, shape.Intermediate), Second = new LinearPart { Weight = layer.Up },
                    Activation = GatedActivation.Silu, Workspace = workspace,
                },
                stream);
            Product(layer.Down, product, x, shape.Hidden, stream, adds: true);
        }

        Norm(stream);
        linear.Run(
            new LinearArguments
            {
                Type = Type, OutputType = ElementType.Float32, Rows = rows, X = new RowTensor(normed, shape.Hidden), First = Part(weights.Head, logits, shape.Vocabulary), Workspace = workspace,
            },
            stream);
        candidates.Run(
            new CandidateArguments
            {
                Type = ElementType.Float32, Rows = rows, Vocabulary = shape.Vocabulary, Logits = new RowTensor(logits, shape.Vocabulary), Count = Candidates, Tokens = found,
                Scores = found + (rows * Candidates * 4), Masses = found + (rows * Candidates * 8), Workspace = workspace,
            },
            stream);
    }

    public void Dispose()
    {
        foreach (CudaBuffer buffer in buffers) buffer.Dispose();
    }

    private static LinearPart Part(LinearWeight weight, nint y, int columns) => new() { Weight = weight, Y = new RowTensor(y, columns) };

    private LinearArguments Arguments(LinearWeight weight, nint input, nint output, int columns, bool adds) => new()
    {
        Type = Type, Rows = rows, X = new RowTensor(input, weight.Inputs), First = Part(weight, output, columns), Residual = adds ? new RowTensor(output, columns) : default, Workspace = workspace,
    };

    private void Product(LinearWeight weight, nint input, nint output, int columns, nint stream, bool adds = false) => linear.Run(Arguments(weight, input, output, columns, adds), stream);

    private void Norm(nint stream) => norms.Forward(
        new RmsNormArguments
        {
            Shape = new RmsNormShape { Type = Type, WeightType = Type, Rows = rows, Columns = shape.Hidden, Inner = 1, Epsilon = 1e-5 }, X = new RowTensor(x, shape.Hidden), Weight = weights.Norm,
            Y = new RowTensor(normed, shape.Hidden),
        },
        stream);

    private void Attend(int index, nint stream)
    {
        nint keys = cache + (nint)(index * layerBytes), values = keys + (nint)(layerBytes / 2), key = heads + (2 * shape.Heads * shape.HeadSize);
        append.Run(
            new CacheAppendArguments
            {
                Element = CacheElement.BFloat16, Codes = plan.Shape.Codes, Query = heads, Keys = key, Values = key + (2 * shape.KeyHeads * shape.HeadSize), KeyCache = keys, ValueCache = values, Slots = slots,
                CacheRows = cacheRows, Positions = positions, Cosines = table, Sines = table, Tokens = rows, Heads = shape.Heads, KeyHeads = shape.KeyHeads, HeadSize = shape.HeadSize,
                QueryStride = shape.Projected, KeyStride = shape.Projected, ValueStride = shape.Projected,
            },
            stream);
        attention.Forward(
            new DecodingArguments
            {
                Query = heads, Keys = keys, Values = values, Output = attended, QueryBorders = borders, Lengths = lengths, Pages = pages, MaxPages = maxPages, PageSize = PageTokens, PlanWords = words,
                Workspace = workspace, Tokens = rows, QueryStride = shape.Projected, Scale = 1 / MathF.Sqrt(shape.HeadSize),
            },
            plan, stream);
    }

    private long WorkspaceBytes()
    {
        LinearWeight[] all = [weights.Layers[0].QueryKeyValue, weights.Layers[0].Output, weights.Layers[0].Gate, weights.Layers[0].Down, weights.Head];
        long products = all.Max(weight => LinearKernel.WorkspaceBytes(Arguments(weight, x, x, weight.Outputs, adds: false), context.Architecture));
        return Math.Max(Math.Max(2 * products, plan.WorkspaceBytes), CandidateKernel.WorkspaceBytes(rows, shape.Vocabulary, Candidates));
    }

    private nint Make(long bytes, byte value)
    {
        var buffer = new CudaBuffer(context, Math.Max(16, bytes));
        buffers.Add(buffer);
        buffer.Fill(value);
        return buffer.Address;
    }

    private nint Upload(int[] values)
    {
        var buffer = new CudaBuffer(context, Math.Max(16, 4L * values.Length));
        buffers.Add(buffer);
        buffer.Upload<int>(values);
        return buffer.Address;
    }
}
