using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.CrossEntropy;

/// <summary>Launches cross-entropy with its gradient. Allocates nothing after the first call.</summary>
internal sealed class CrossEntropyKernel
{
    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public CrossEntropyKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        string name = plain ? "cross_entropy_reference" : "cross_entropy";
        kernels = new KernelTable(context, ElementTypes.Count, index => ($"{name}_{((ElementType)index).Suffix()}", name));
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size, an address or a label that cannot be.</exception>
    public void Run(in CrossEntropyArguments arguments, nint stream)
    {
        CrossEntropyArguments a = arguments;
        Check(a);
        if (a.Rows == 0) return;
        CrossEntropyPlan plan = CrossEntropyPlan.Of(a.Type, a.Rows, a.Vocabulary, a.WritesGradient, kernels.Registers((int)a.Type), context.Architecture);
        double cap = a.SoftCap ?? 0;
        kernels[(int)a.Type].Launch(Plain ? Grids.Covering(a.Rows, Grids.PlainBlockSize) : plan.Launch, stream, new CrossEntropyParameters
        {
            Logits = a.Logits.Address, Labels = a.Labels, Weights = a.Weights, Losses = a.Losses, LogSums = a.LogSums, Faults = a.Faults,
            Stride = a.Logits.Stride, Ignored = a.Ignored, Rows = a.Rows, Vocabulary = a.Vocabulary, LongLabels = a.LongLabels ? 1 : 0,
            WritesGradient = a.WritesGradient ? 1 : 0, Scale = (float)a.LogitScale, Cap = (float)cap, ScaleOverCap = cap > 0 ? (float)(a.LogitScale / cap) : 0,
            GradientFactor = (float)(a.GradientScale * a.LogitScale), ZLoss = (float)(2 * a.ZLoss), HeldChunks = plan.HeldChunks,
        });
    }

    /// <summary>Bytes that must be moved: logits once each way, and what a row has beside them.</summary>
    public static long Traffic(ElementType type, int rows, int vocabulary, bool writesGradient = true) =>
        ((long)rows * vocabulary * type.Bytes() * (writesGradient ? 2 : 1)) + (rows * 16L);

    /// <summary>Bytes that are read a second time, because shared memory does not hold a whole row.</summary>
    public static long SecondReads(ElementType type, int rows, int vocabulary, GpuArchitecture architecture) =>
        rows * (((long)vocabulary * type.Bytes()) - ((long)CrossEntropyPlan.Of(type, rows, vocabulary, true, 64, architecture).HeldChunks * ElementTypes.ChunkBytes));

    private static void Check(in CrossEntropyArguments a)
    {
        LaunchGuard.NotNegative(a.Rows);
        LaunchGuard.Positive(a.Vocabulary);
        if (a.SoftCap is { } cap && !(cap > 0 && double.IsFinite(cap)))
            throw new ArgumentOutOfRangeException(nameof(a), cap, "SoftCap must be positive and finite, or null.");
        if (a.Rows == 0) return;
        LaunchGuard.Tensor(a.Logits, a.Type, a.Vocabulary);
        LaunchGuard.Address(a.Labels, a.LongLabels ? sizeof(long) : sizeof(int));
        if (a.Weights != 0) LaunchGuard.Address(a.Weights, sizeof(float));
        LaunchGuard.Address(a.Losses, sizeof(float));
        if (a.LogSums != 0) LaunchGuard.Address(a.LogSums, sizeof(float));
        LaunchGuard.Address(a.Faults, sizeof(int));
        if (a.HostLabels.IsEmpty) return;
        if (a.HostLabels.Length != a.Rows) LaunchGuard.Throw($"HostLabels are {a.HostLabels.Length}, but rows {a.Rows}.", nameof(a.HostLabels));
        ReadOnlySpan<long> labels = a.HostLabels.Span;
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] != a.Ignored && (labels[i] < 0 || labels[i] >= a.Vocabulary))
                LaunchGuard.Throw($"HostLabels[{i}] is {labels[i]}; the vocabulary has {a.Vocabulary} values, and rows that are no targets have {a.Ignored}.", nameof(a.HostLabels));
        }
    }
}
