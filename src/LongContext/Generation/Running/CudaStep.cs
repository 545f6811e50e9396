using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rows;
using LongContext.Cuda.Sampling;
using LongContext.Generation.Sampling;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>The launches of a step of few tokens, in buffers that are made once. What they read of a step comes from <see cref="CudaStepInputs"/>, so that a graph of them can be run again.</summary>
internal sealed unsafe class CudaStep : IDisposable
{
    private readonly CudaContext context;
    private readonly DecoderShape shape;
    private readonly CacheGroups groups;
    private readonly CudaPageStore store;
    private readonly ElementType type;
    private readonly int projected;
    private readonly int maximumTokens;
    private readonly LinearKernel linear;
    private readonly GatherKernel gather;
    private readonly RmsNormKernel norms;
    private readonly CacheAppend append;
    private readonly DecodingAttention attention;
    private readonly CandidateKernel candidates;
    private readonly CudaBuffer memory;
    private readonly CudaBuffer logits;
    private readonly PinnedBuffer hostLogits;
    private readonly CudaBuffer found;
    private readonly PinnedBuffer hostFound;
    private readonly bool[] isHere;
    private int foundRows;
    private readonly nint x;
    private readonly nint normed;
    private readonly nint added;
    private readonly nint heads;
    private readonly nint attended;
    private readonly nint product;
    private CudaBuffer? workspace;

    /// <param name="context">The GPU.</param>
    /// <param name="model">The model.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="store">The cache.</param>
    /// <param name="maximumTokens">Tokens of a step, at most.</param>
    public CudaStep(CudaContext context, CausalLanguageModel model, CacheGroups groups, CudaPageStore store, int maximumTokens)
    {
        (this.context, shape, this.groups, this.store, this.maximumTokens) = (context, model.Shape, groups, store, maximumTokens);
        type = model.DataType == ScalarType.BFloat16 ? ElementType.BFloat16 : ElementType.Float16;
        (linear, gather, norms, append, attention) = (new LinearKernel(context), new GatherKernel(context), new RmsNormKernel(context), new CacheAppend(context), new DecodingAttention(context));
        projected = (shape.HeadCount + (2 * shape.KeyValueHeadCount)) * shape.HeadDimension;
        int[] sizes = [shape.HiddenSize, shape.HiddenSize, shape.HiddenSize, projected, shape.HeadCount * shape.HeadDimension, shape.IntermediateSize];
        var places = new long[sizes.Length];
        long bytes = 0;
        for (int i = 0; i < sizes.Length; i++) (places[i], bytes) = (bytes, bytes + ((2L * maximumTokens * sizes[i] + 255) / 256 * 256));
        memory = new CudaBuffer(context, bytes);
        // Rows that nobody sees are computed too: from zeros, not from whatever lay there.
        memory.Fill(0);
        (x, normed, added, heads, attended, product) = (Place(0), Place(1), Place(2), Place(3), Place(4), Place(5));
        long logitBytes = (long)maximumTokens * shape.VocabularySize * sizeof(float);
        logits = new CudaBuffer(context, logitBytes);
        hostLogits = new PinnedBuffer(context, logitBytes);
        candidates = new CandidateKernel(context);
        isHere = new bool[maximumTokens];
        MostCandidates = shape.VocabularySize <= CandidateKernel.MostTokens ? Math.Min(Math.Min(CandidateKernel.MostCandidates, RowNeed.MostCandidates), shape.VocabularySize) : 0;
        found = new CudaBuffer(context, FoundBytes(maximumTokens));
        hostFound = new PinnedBuffer(context, FoundBytes(maximumTokens));

        nint Place(int index) => memory.Address + (nint)places[index];
    }

    /// <summary>Grows when addresses change: what was captured before is of no use then.</summary>
    public int Version { get; private set; }

    /// <summary>Candidates of a row that a step finds, at most; 0 where the vocabulary is too large for it.</summary>
    public int MostCandidates { get; }

    /// <summary>A row of logits of the last step, which is copied from the GPU where that was not done yet.</summary>
    public Span<float> Logits(int row, CudaStream stream)
    {
        if (!isHere[row])
        {
            Fetch(row, 1, stream.Handle);
            stream.Synchronize();
        }

        return new((float*)hostLogits.Address + ((long)row * shape.VocabularySize), shape.VocabularySize);
    }

    /// <summary>The likeliest tokens of a row of the last step.</summary>
    public TokenCandidates Candidates(int row, int count)
    {
        int all = foundRows * MostCandidates;
        var tokens = (int*)hostFound.Address + (row * MostCandidates);
        float* scores = (float*)hostFound.Address + all + (row * MostCandidates), masses = (float*)hostFound.Address + (2 * all) + (2 * row);
        return new TokenCandidates { Tokens = new(tokens, count), Scores = new(scores, count), Mass = masses[0], ScaledMass = masses[1], Tolerance = CandidateKernel.MassTolerance };
    }

    /// <summary>A step of a shape begins: there are no rows of the last one any more.</summary>
    public void Begin(CudaStepShape step)
    {
        foundRows = step.Tokens;
        isHere.AsSpan().Clear();
    }

    /// <summary>Puts the copy of rows of logits on a stream, behind the step.</summary>
    public void Fetch(int first, int count, nint stream)
    {
        long rowBytes = (long)shape.VocabularySize * sizeof(float), start = first * rowBytes;
        hostLogits.CopyFrom(logits.Address + (nint)start, start, count * rowBytes, stream);
        isHere.AsSpan(first, count).Fill(true);
    }

    /// <summary>Puts a step on a stream.</summary>
    /// <param name="weights">The model's weights.</param>
    /// <param name="step">The step's shape.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="plans">A plan of attention for each group.</param>
    /// <param name="stream">The stream.</param>
    public void Run(CudaWeights weights, CudaStepShape step, CudaStepInputs inputs, ReadOnlySpan<DecodingPlan> plans, nint stream)
    {
        if (step.Tokens > maximumTokens) throw new ArgumentException($"The step has {step.Tokens} tokens, but there is room for {maximumTokens}.", nameof(step));
        int rows = step.Tokens, hidden = shape.HiddenSize;
        inputs.Copy(stream);
        Gather(weights.Embedding, shape.VocabularySize, inputs.Ids, x, rows, shape.EmbeddingScale, stream);
        nint input = x;
        if (weights.Layers[0].BeforeAttention is not 0 and var first)
        {
            Norm(x, normed, first, rows, stream);
            input = normed;
        }

        for (int index = 0; index < weights.Layers.Length; index++)
        {
            CudaLayer layer = weights.Layers[index];
            Project(layer, input, rows, stream);
            Attend(layer, index, step, inputs, plans[groups.GroupOf(index)], stream);
            input = Join(layer.Output, attended, shape.HeadCount * shape.HeadDimension, layer.AfterAttention, layer.BeforeMlp, rows, stream);
            Product(
                new LinearArguments
                {
                    Type = type, Rows = rows, X = new RowTensor(input, hidden), First = layer.Gate with { Y = new RowTensor(product, shape.IntermediateSize) }, Second = layer.Up,
                    Activation = FunctionOf(shape.Activation),
                },
                stream);
            nint next = index + 1 < weights.Layers.Length ? weights.Layers[index + 1].BeforeAttention : 0;
            input = Join(layer.Down, product, shape.IntermediateSize, layer.AfterMlp, next, rows, stream);
        }

        Gather(x, rows, inputs.Wanted, added, rows, 1, stream);
        Norm(added, normed, weights.FinalNorm, rows, stream);
        Product(
            new LinearArguments
            {
                Type = type, OutputType = ElementType.Float32, Rows = rows, X = new RowTensor(normed, hidden), First = weights.Head with { Y = new RowTensor(logits.Address, shape.VocabularySize) },
                Scale = shape.LogitScale, SoftCap = shape.LogitSoftCap,
            },
            stream);
        if (MostCandidates > 0) Choose(inputs, rows, stream);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        memory.Dispose();
        logits.Dispose();
        hostLogits.Dispose();
        found.Dispose();
        hostFound.Dispose();
        workspace?.Dispose();
    }

    /// <summary>The likeliest tokens of rows that want them, and one copy of them all: tokens, scores, masses.</summary>
    private void Choose(CudaStepInputs inputs, int rows, nint stream)
    {
        nint scores = found.Address + (rows * MostCandidates * sizeof(int)), masses = scores + (rows * MostCandidates * sizeof(float));
        candidates.Run(
            new CandidateArguments
            {
                Type = ElementType.Float32, Rows = rows, Vocabulary = shape.VocabularySize, Logits = new RowTensor(logits.Address, shape.VocabularySize), Count = MostCandidates,
                Tokens = found.Address, Scores = scores, Masses = masses, Counts = inputs.Needs, InverseTemperatures = inputs.InverseTemperatures,
                Workspace = Workspace(CandidateKernel.WorkspaceBytes(rows, shape.VocabularySize, MostCandidates)),
            },
            stream);
        hostFound.CopyFrom(found.Address, FoundBytes(rows), stream);
    }

    private long FoundBytes(int rows) => rows * (2L * MostCandidates + 2) * sizeof(int);

    /// <summary>Queries, keys and values side by side, with their norms.</summary>
    private void Project(CudaLayer layer, nint input, int rows, nint stream)
    {
        int size = shape.HeadDimension;
        nint key = heads + (2 * shape.HeadCount * size), value = key + (2 * shape.KeyValueHeadCount * size);
        var arguments = new LinearArguments { Type = type, Rows = rows, X = new RowTensor(input, shape.HiddenSize), First = layer.QueryKeyValue ?? layer.Query };
        arguments = arguments with { First = arguments.First with { Y = new RowTensor(heads, projected) } };
        LinearPart second = layer.Key with { Y = new RowTensor(key, projected) }, third = layer.Value with { Y = new RowTensor(value, projected) };
        if (layer.QueryKeyValue is not null)
        {
            Product(arguments, stream);
        }
        else if (Together(arguments.First.Weight, second.Weight) && Together(second.Weight, third.Weight))
        {
            Product(arguments with { Second = second, Third = third }, stream);
        }
        else
        {
            Product(arguments, stream);
            Product(arguments with { First = second }, stream);
            Product(arguments with { First = third }, stream);
        }

        HeadNorm(heads, shape.HeadCount, layer.QueryNorm, rows, stream);
        HeadNorm(key, shape.KeyValueHeadCount, layer.KeyNorm, rows, stream);
    }

    /// <summary>The new keys and values into the cache, and attention over it.</summary>
    private void Attend(CudaLayer layer, int index, CudaStepShape step, CudaStepInputs inputs, DecodingPlan plan, nint stream)
    {
        int group = groups.GroupOf(index), size = shape.HeadDimension, keySize = shape.KeyValueHeadCount * size;
        nint key = heads + (2 * shape.HeadCount * size);
        (nint keyCache, nint valueCache) = (store.KeysOf(index), store.ValuesOf(index));
        (nint cosines, nint sines) = layer.Rotary is { } rotary ? inputs.Tables(rotary) : (0, 0);
        append.Run(
            new CacheAppendArguments
            {
                Element = plan.Shape.Element, Codes = plan.Shape.Codes, Query = layer.Rotary is null ? 0 : heads, Keys = key, Values = key + (2 * keySize), KeyCache = keyCache, ValueCache = valueCache,
                Slots = inputs.Slots(group), CacheRows = store.RowCount(group), Positions = layer.Rotary is { } turned ? inputs.Positions(turned) : 0,
                Cosines = cosines, Sines = sines, RotarySize = 2 * (layer.Rotary?.Half ?? 0), Tokens = step.Tokens, Heads = shape.HeadCount,
                KeyHeads = shape.KeyValueHeadCount, HeadSize = size, QueryStride = projected, KeyStride = projected, ValueStride = projected,
            },
            stream);
        attention.Forward(
            new DecodingArguments
            {
                Query = heads, Keys = keyCache, Values = valueCache, Output = attended, QueryBorders = inputs.Borders, Lengths = inputs.Lengths, Pages = inputs.Pages(group),
                MaxPages = step.Pages, PageSize = store.PageTokens, PlanWords = inputs.Plan(group), Workspace = Workspace(plan.WorkspaceBytes), Tokens = step.Tokens, QueryStride = projected,
                Scale = (float)(shape.AttentionScale ?? 1 / Math.Sqrt(size)), SoftCap = (float)(shape.AttentionSoftCap ?? 0),
            },
            plan, stream);
    }

    /// <summary>Adds a map's results to the hidden states, through a norm where there is one; returns what the next map gets: the states, or their norm.</summary>
    private nint Join(LinearPart part, nint input, int inputs, nint after, nint next, int rows, nint stream)
    {
        var states = new RowTensor(x, shape.HiddenSize);
        var arguments = new LinearArguments { Type = type, Rows = rows, X = new RowTensor(input, inputs), First = part with { Y = states } };
        if (after == 0)
        {
            Product(arguments with { Residual = states }, stream);
            if (next == 0) return x;
            Norm(x, normed, next, rows, stream);
            return normed;
        }

        var own = new RowTensor(added, shape.HiddenSize);
        Product(arguments with { First = part with { Y = own } }, stream);
        Norm(added, added, after, rows, stream);
        norms.Forward(
            new RmsNormArguments { Shape = NormShapeOf(rows, shape.HiddenSize, 1), X = states, Residual = own, Sum = states, Weight = next == 0 ? after : next, Y = new RowTensor(normed, shape.HiddenSize) },
            stream);
        return next == 0 ? x : normed;
    }

    private void HeadNorm(nint values, int count, nint weight, int rows, nint stream)
    {
        if (weight == 0) return;
        bool perHead = shape.QueryKeyNorm == QueryKeyNorm.PerHead;
        var own = new RowTensor(values, projected);
        RmsNormShape of = perHead ? NormShapeOf(rows * count, shape.HeadDimension, count) : NormShapeOf(rows, count * shape.HeadDimension, 1);
        norms.Forward(new RmsNormArguments { Shape = of, X = own, Weight = weight, Y = own }, stream);
    }

    private void Norm(nint input, nint output, nint weight, int rows, nint stream) => norms.Forward(
        new RmsNormArguments
        {
            Shape = NormShapeOf(rows, shape.HiddenSize, 1), X = new RowTensor(input, shape.HiddenSize), Weight = weight, Y = new RowTensor(output, shape.HiddenSize),
        },
        stream);

    private RmsNormShape NormShapeOf(int rows, int columns, int inner) => new()
    {
        Type = type, WeightType = type, Rows = rows, Columns = columns, Inner = inner, Epsilon = shape.Norm.Epsilon, WeightOffset = shape.Norm.WeightOffset, WeightInFloat32 = shape.Norm.WeightInFloat32,
    };

    private void Gather(nint table, int tableRows, nint indices, nint result, int rows, double scale, nint stream) => gather.Run(
        new GatherArguments
        {
            Type = type, Rows = rows, Columns = shape.HiddenSize, Indices = indices, Table = new RowTensor(table, shape.HiddenSize), TableRows = tableRows,
            Result = new RowTensor(result, shape.HiddenSize), Scale = scale,
        },
        stream);

    /// <summary>Runs a product, as many rows at a time as the kernel takes.</summary>
    private void Product(in LinearArguments arguments, nint stream)
    {
        ElementType output = arguments.OutputType ?? type;
        for (int start = 0; start < arguments.Rows; start += LinearKernel.MostRows)
        {
            LinearArguments part = arguments with
            {
                Rows = Math.Min(LinearKernel.MostRows, arguments.Rows - start), X = From(arguments.X, start, type), Residual = From(arguments.Residual, start, type),
                First = From(arguments.First, start, output), Second = From(arguments.Second, start, output), Third = From(arguments.Third, start, output),
            };
            linear.Run(part with { Workspace = Workspace(LinearKernel.WorkspaceBytes(part, context.Architecture)) }, stream);
        }
    }

    private static LinearPart From(in LinearPart part, int row, ElementType type) => part with { Y = From(part.Y, row, type) };

    private static RowTensor From(in RowTensor rows, int row, ElementType type) => rows.Exists ? rows with { Address = rows.Address + (nint)(row * rows.Stride * type.Bytes()) } : rows;

    /// <summary>Memory for what a launch needs beside its results; the launches of a stream share it.</summary>
    private nint Workspace(long bytes)
    {
        if (bytes == 0) return 0;
        if (workspace is null || workspace.Bytes < bytes)
        {
            workspace?.Dispose(); // waits for what reads it
            workspace = new CudaBuffer(context, bytes);
            Version++;
        }

        return workspace.Address;
    }

    private static bool Together(in LinearWeight a, in LinearWeight b) => a.Format == b.Format && a.GroupSize == b.GroupSize && (a.Zeros == 0) == (b.Zeros == 0) && (a.Groups == 0) == (b.Groups == 0);

    private static GatedActivation FunctionOf(Activation activation) => activation switch
    {
        Activation.Silu => GatedActivation.Silu,
        Activation.Gelu => GatedActivation.Gelu,
        Activation.GeluTanh => GatedActivation.GeluTanh,
        _ => GatedActivation.Relu,
    };
}
