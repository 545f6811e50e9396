using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>Launches RMS norms, with a residual added or without, over whole rows or heads, and their backward. Allocates nothing after the first call.</summary>
internal sealed class RmsNormKernel
{
    private readonly CudaContext context;
    private readonly KernelTable forward;
    private readonly KernelTable backward;
    private readonly KernelTable weight;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernels run: for tests.</param>
    public RmsNormKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        forward = Table("forward", ["_any", string.Empty]);
        backward = Table("backward", ["_any", string.Empty, "_long"]);
        weight = new KernelTable(context, ElementTypes.PairCount, index => plain
            ? ($"rms_norm_reference_{ElementTypes.PairSuffix(index)}", "rms_norm_weight_reference")
            : ($"rms_norm_backward_{ElementTypes.PairSuffix(index)}", "rms_norm_weight"));

        KernelTable Table(string name, string[] kinds) => new(context, kinds.Length * ElementTypes.PairCount, index => plain
            ? ($"rms_norm_reference_{ElementTypes.PairSuffix(index / kinds.Length)}", $"rms_norm_{name}_reference")
            : ($"rms_norm_{name}_{ElementTypes.PairSuffix(index / kinds.Length)}", $"rms_norm_{name}{kinds[index % kinds.Length]}"));
    }

    /// <summary>Whether the plain, slow kernels run.</summary>
    public bool Plain { get; }

    /// <summary>Bytes of workspace that the weight's gradient needs.</summary>
    public static long WorkspaceBytes(in RmsNormShape shape, GpuArchitecture architecture) =>
        (long)RmsNormPlan.PartialRows(shape, architecture) * shape.Columns * sizeof(float);

    /// <summary>Puts the forward on a stream.</summary>
    /// <exception cref="ArgumentException">A size, an address or an overlap that cannot be.</exception>
    public void Forward(in RmsNormArguments arguments, nint stream)
    {
        RmsNormShape shape = arguments.Shape;
        int pair = Check(shape, arguments.X, arguments.Y, nameof(arguments.Y), arguments.Weight);
        if (shape.Rows == 0) return;
        long groups = shape.Rows / shape.Inner;
        LaunchGuard.SameOrApart(arguments.Y, arguments.X, shape.Type, groups, shape.GroupColumns);
        if (arguments.Residual.Exists)
        {
            LaunchGuard.Tensor(arguments.Residual, shape.Type, shape.GroupColumns);
            LaunchGuard.Tensor(arguments.Sum, shape.Type, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Sum, arguments.X, shape.Type, groups, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Sum, arguments.Residual, shape.Type, groups, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Y, arguments.Residual, shape.Type, groups, shape.GroupColumns);
            if (arguments.Sum.Address == arguments.Y.Address) LaunchGuard.Throw("Sum and Y are one tensor; they are two results.", nameof(arguments.Sum));
        }

        bool chunked = IsChunked(shape, arguments.X, arguments.Y, arguments.Weight)
            && (!arguments.Residual.Exists || IsChunked(shape, arguments.Residual, arguments.Sum, arguments.Weight));
        RmsNormPlan plan = RmsNormPlan.Forward(shape, chunked);
        var parameters = new RmsNormParameters
        {
            X = arguments.X.Address, Residual = arguments.Residual.Address, Weight = arguments.Weight, Sum = arguments.Sum.Address, Y = arguments.Y.Address,
            XStride = arguments.X.Stride, ResidualStride = arguments.Residual.Stride, SumStride = arguments.Sum.Stride, YStride = arguments.Y.Stride,
            Rows = shape.Rows, Inner = shape.Inner, Columns = shape.Columns, Team = plan.Team,
            Epsilon = (float)shape.Epsilon, WeightOffset = (float)shape.WeightOffset,
            // Where rows are float32, both orders are one.
            WeightInFloat32 = shape.WeightInFloat32 || shape.Type == ElementType.Float32 ? 1 : 0,
        };
        forward[(2 * pair) + (plan.Held > 0 ? 1 : 0)].Launch(Plain ? Grids.Covering(shape.Rows, Grids.PlainBlockSize) : plan.Launch, stream, parameters);
    }

    /// <summary>Puts the backward on a stream, and the sum of the weight's gradient after it where that is wanted.</summary>
    /// <exception cref="ArgumentException">A size, an address or an overlap that cannot be.</exception>
    public void Backward(in RmsNormBackwardArguments arguments, nint stream)
    {
        RmsNormShape shape = arguments.Shape;
        int pair = Check(shape, arguments.X, arguments.Result, nameof(arguments.Result), arguments.Weight);
        if (shape.Rows == 0 && (arguments.WeightGradient == 0 || arguments.Accumulates)) return;
        if (arguments.WeightGradient != 0)
        {
            LaunchGuard.Address(arguments.WeightGradient, shape.WeightType.Bytes());
            LaunchGuard.Address(arguments.Workspace, ElementTypes.ChunkBytes);
        }

        RmsNormPlan plan = default;
        if (shape.Rows > 0)
        {
            long groups = shape.Rows / shape.Inner;
            LaunchGuard.Tensor(arguments.Gradient, shape.Type, shape.GroupColumns);
            LaunchGuard.Optional(arguments.Added, shape.Type, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Result, arguments.X, shape.Type, groups, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Result, arguments.Gradient, shape.Type, groups, shape.GroupColumns);
            LaunchGuard.SameOrApart(arguments.Result, arguments.Added, shape.Type, groups, shape.GroupColumns);
            int held = RmsNormPlan.HeldOfBackward(
                shape, IsChunked(shape, arguments.X, arguments.Result, arguments.Weight) && IsChunked(shape, arguments.Gradient, arguments.Added, arguments.Weight));
            plan = RmsNormPlan.Backward(shape, held, Math.Max(RmsNormPlan.FewestRegisters, backward.Registers(IndexOfBackward(pair, held))), context.Architecture);
        }

        LaunchBackward(arguments, shape, pair, plan, stream);
    }

    private void LaunchBackward(in RmsNormBackwardArguments arguments, in RmsNormShape shape, int pair, in RmsNormPlan plan, nint stream)
    {
        var parameters = new RmsNormBackwardParameters
        {
            X = arguments.X.Address, Weight = arguments.Weight, Gradient = arguments.Gradient.Address, Added = arguments.Added.Address, Result = arguments.Result.Address,
            Partial = arguments.WeightGradient == 0 ? 0 : arguments.Workspace,
            XStride = arguments.X.Stride, GradientStride = arguments.Gradient.Stride, AddedStride = arguments.Added.Stride, ResultStride = arguments.Result.Stride,
            Rows = shape.Rows, Inner = shape.Inner, Columns = shape.Columns, Team = plan.Team,
            Epsilon = (float)shape.Epsilon, WeightOffset = (float)shape.WeightOffset,
        };
        // The plain kernel of the weight's gradient reads x and the gradient, over which the result may be written: it goes first.
        if (Plain && parameters.Partial != 0) weight[pair].Launch(Grids.Covering(shape.Columns, Grids.PlainBlockSize), stream, parameters);
        backward[IndexOfBackward(pair, plan.Held)].Launch(Plain ? Grids.Covering(shape.Rows, Grids.PlainBlockSize) : plan.Launch, stream, parameters);
        if (Plain || parameters.Partial == 0) return;
        weight[pair].Launch(new LaunchShape(Grids.Ceiling(shape.Columns, 32), 1024), stream, new RmsNormWeightParameters
        {
            Partial = arguments.Workspace, Gradient = arguments.WeightGradient, Count = plan.Launch.GridX, Columns = shape.Columns, Accumulate = arguments.Accumulates ? 1 : 0,
        });
    }

    private static int IndexOfBackward(int pair, int held) => (3 * pair) + (held / RmsNormPlan.BackwardHeld);

    private static int Check(in RmsNormShape shape, in RowTensor x, in RowTensor result, string resultName, nint weight)
    {
        shape.Check();
        int pair = ElementTypes.PairIndex(shape.Type, shape.WeightType, "The weight");
        if (shape.Rows == 0) return pair;
        LaunchGuard.Tensor(x, shape.Type, shape.GroupColumns, "X");
        LaunchGuard.Tensor(result, shape.Type, shape.GroupColumns, resultName);
        LaunchGuard.Address(weight, shape.WeightType.Bytes(), "Weight");
        return pair;
    }

    private static bool IsChunked(in RmsNormShape shape, in RowTensor first, in RowTensor second, nint weight) =>
        first.IsChunked(shape.Type) && second.IsChunked(shape.Type) && weight % ElementTypes.ChunkBytes == 0;
}
