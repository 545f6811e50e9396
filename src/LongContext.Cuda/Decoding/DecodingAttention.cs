using System.Numerics;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Decoding;

/// <summary>
/// Attention of a few new tokens of each sequence against its cache of keys and values, for compute capability 8.0 and up.
/// Launches allocate nothing, read no device memory on the host and depend on nothing but their arguments: they can be captured into a graph.
/// </summary>
/// <param name="context">Where the kernels run.</param>
internal sealed class DecodingAttention(CudaContext context)
{
    private readonly CudaFunction?[] attention = new CudaFunction?[4 * DecodingShape.HeadSizes.Count];
    private readonly CudaFunction?[] combine = new CudaFunction?[2 * DecodingShape.HeadSizes.Count];
    private readonly CudaFunction?[] reference = new CudaFunction?[4 * DecodingShape.HeadSizes.Count];

    /// <summary>The modules that a step of a type and head size needs.</summary>
    public static string[] Modules(CacheElement element, int headSize, bool coded = false) =>
        [Module(coded ? "attention_coded" : "attention", element, headSize), Module("combine", element, headSize)];

    /// <summary>Puts a decoding step on a stream: one launch, and a second one where a sequence has several splits.</summary>
    /// <param name="arguments">Addresses and sizes.</param>
    /// <param name="plan">A plan for these sequences; they may have grown since it was made.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentException">An argument is missing or does not fit; the message names it.</exception>
    /// <exception cref="CudaException">The driver refused a launch.</exception>
    public void Forward(in DecodingArguments arguments, DecodingPlan plan, nint stream = 0)
    {
        ArgumentNullException.ThrowIfNull(plan);
        DecodingShape shape = plan.Shape;
        DecodingParameters parameters = Parameters(arguments, shape);
        if (plan.Blocks == 0 || arguments.Tokens == 0) return;
        RequireAddress(arguments.PlanWords, nameof(arguments.PlanWords));
        if (plan.Slots > 0) RequireAddress(arguments.Workspace, nameof(arguments.Workspace));
        parameters.Work = arguments.PlanWords;
        parameters.Items = plan.Items;
        parameters.Partials = arguments.Workspace;
        parameters.PartialLogSumExp = arguments.Workspace + (nint)plan.SumsOffset;
        bool coded = shape.Codes != CacheCodes.None;
        Kernel(attention, coded ? "attention_coded" : "attention", shape, coded).Launch(
            new LaunchShape(plan.Blocks, 1, 1, DecodingTile.Threads, DecodingTile.SharedBytes(shape.HeadSize, coded)), stream, parameters);
        if (plan.CombinedItems == 0) return;
        var combining = new DecodingCombineParameters
        {
            Partials = parameters.Partials,
            PartialLogSumExp = parameters.PartialLogSumExp,
            O = parameters.O,
            LogSumExp = parameters.LogSumExp,
            QueryBorders = parameters.QueryBorders,
            Sequences = arguments.PlanWords + (nint)(16L * plan.Items),
            OStride = parameters.OStride,
            Tokens = parameters.Tokens,
            Heads = parameters.Heads,
            MaxTokens = parameters.MaxTokens,
            Items = plan.CombinedItems,
        };
        Kernel(combine, "combine", shape, coded: false).Launch(new LaunchShape(plan.CombineBlocks, shape.HeadSize > 128 ? 256 : 128), stream, combining);
    }

    /// <summary>The same by the plain, slow kernel, without splits: an oracle for tests.</summary>
    /// <param name="arguments">Addresses and sizes; plan and workspace are not used.</param>
    /// <param name="shape">The step's shape.</param>
    /// <param name="sequences">How many sequences there are.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    internal void Reference(in DecodingArguments arguments, DecodingShape shape, int sequences, nint stream = 0)
    {
        DecodingParameters parameters = Parameters(arguments, shape);
        parameters.Items = sequences;
        bool coded = shape.Codes != CacheCodes.None;
        Kernel(reference, coded ? "reference_coded" : "reference", shape, coded).Launch(new LaunchShape(sequences * shape.MaxQueryTokens * shape.Heads, 32), stream, parameters);
    }

    private static DecodingParameters Parameters(in DecodingArguments a, DecodingShape shape)
    {
        RequireAddress(a.Query, nameof(a.Query));
        RequireAddress(a.Keys, nameof(a.Keys));
        RequireAddress(a.Values, nameof(a.Values));
        RequireAddress(a.Output, nameof(a.Output));
        RequireAddress(a.QueryBorders, nameof(a.QueryBorders));
        if (a.Tokens < 0) throw new ArgumentException($"{nameof(a.Tokens)} is {a.Tokens}, expected at least 0.", nameof(a));
        if (!float.IsFinite(a.Scale)) throw new ArgumentException($"{nameof(a.Scale)} is {a.Scale}, expected a finite number.", nameof(a));
        if (!(a.SoftCap >= 0) || !float.IsFinite(a.SoftCap)) throw new ArgumentException($"{nameof(a.SoftCap)} is {a.SoftCap}, expected at least 0; 0 for none.", nameof(a));
        int pageShift = CheckCache(a);
        int queryElements = shape.Heads * shape.HeadSize, keyElements = shape.KeyHeads * shape.HeadSize;
        return new DecodingParameters
        {
            Q = a.Query,
            K = a.Keys,
            V = a.Values,
            O = a.Output,
            LogSumExp = a.LogSumExp,
            QueryBorders = a.QueryBorders,
            Lengths = a.Lengths,
            KeyBorders = a.KeyBorders,
            Pages = a.Pages,
            QStride = Stride(a.QueryStride, queryElements, nameof(a.QueryStride)),
            KStride = CacheStride(a.KeyStride, nameof(a.KeyStride)),
            VStride = CacheStride(a.ValueStride, nameof(a.ValueStride)),
            OStride = Stride(a.OutputStride, queryElements, nameof(a.OutputStride)),
            Tokens = a.Tokens,
            Heads = shape.Heads,
            KeyHeads = shape.KeyHeads,
            MaxTokens = shape.MaxQueryTokens,
            MaxPages = a.MaxPages,
            PageShift = pageShift,
            RowWarps = shape.RowWarps,
            RowBlocks = shape.RowBlocks,
            WindowLeft = shape.WindowLeft ?? int.MaxValue,
            Scale = a.Scale,
            Cap = a.SoftCap,
            Codes = (int)shape.Codes,
            ScaleStart = CodedRow.ScaleStart(shape.KeyHeads, shape.HeadSize),
        };

        int CacheStride(int stride, string name)
        {
            if (shape.Codes == CacheCodes.None) return Stride(stride, keyElements, name);
            if (stride != 0) throw new ArgumentException($"{name} is {stride}, expected 0: coded rows have a length of their own.", name);
            return CodedRow.Bytes(shape.KeyHeads, shape.HeadSize);
        }
    }

    private static int CheckCache(in DecodingArguments a)
    {
        if (a.Pages == 0)
        {
            if (a.KeyBorders == 0) throw new ArgumentException($"Neither {nameof(a.KeyBorders)} nor {nameof(a.Pages)} is given.", nameof(a));
            return 0;
        }

        if (a.KeyBorders != 0) throw new ArgumentException($"Both {nameof(a.KeyBorders)} and {nameof(a.Pages)} are given.", nameof(a));
        if (a.Lengths == 0) throw new ArgumentException($"{nameof(a.Lengths)} is missing: a paged cache needs it.", nameof(a));
        if (a.MaxPages < 1) throw new ArgumentException($"{nameof(a.MaxPages)} is {a.MaxPages}, expected at least 1.", nameof(a));
        if (a.PageSize is < 16 or > 256 || !BitOperations.IsPow2(a.PageSize))
        {
            throw new ArgumentException($"{nameof(a.PageSize)} is {a.PageSize}, expected a power of two from 16 to 256.", nameof(a));
        }

        return BitOperations.Log2((uint)a.PageSize);
    }

    private static void RequireAddress(nint address, string name)
    {
        if (address == 0) throw new ArgumentException($"{name} is missing.", name);
        if (address % 16 != 0) throw new ArgumentException($"{name} is at 0x{address:x}, expected an address that 16 divides.", name);
    }

    private static int Stride(int stride, int elements, string name)
    {
        if (stride == 0) return elements;
        if (stride < elements || stride % 8 != 0) throw new ArgumentException($"{name} is {stride}, expected a multiple of 8 of at least {elements} elements.", name);
        return stride;
    }

    private CudaFunction Kernel(CudaFunction?[] kernels, string role, DecodingShape shape, bool coded)
    {
        // Kept here because putting the name together allocates.
        int index = (coded ? 2 * DecodingShape.HeadSizes.Count : 0) + (2 * IndexOf(shape.HeadSize)) + (int)shape.Element;
        return Volatile.Read(ref kernels[index]) ?? (kernels[index] = context.GetKernel(Module(role, shape.Element, shape.HeadSize), $"decoding_{role}"));
    }

    private static string Module(string role, CacheElement element, int headSize) =>
        $"sm_80/decoding_{role}_{(element == CacheElement.BFloat16 ? "bf16" : "f16")}_{headSize}";

    private static int IndexOf(int headSize) => headSize switch { 64 => 0, 80 => 1, 96 => 2, 128 => 3, _ => 4 };
}
