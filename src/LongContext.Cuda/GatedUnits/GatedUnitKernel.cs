using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.GatedUnits;

/// <summary>Launches SwiGLU, GeGLU and ReGLU and their backward. Allocates nothing after the first call.</summary>
internal sealed class GatedUnitKernel
{
    private const int Activations = 4;

    /// <summary>Chunks of a thread, as in the kernel.</summary>
    private const int Unroll = 2;

    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernels run: for tests.</param>
    public GatedUnitKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        kernels = new KernelTable(context, ElementTypes.Count * Activations * 4, Name);
    }

    /// <summary>Whether the plain, slow kernels run.</summary>
    public bool Plain { get; }

    /// <summary>Bytes of the forward: gate, up and product.</summary>
    public static long ForwardTraffic(ElementType type, long rows, int columns) => 3L * rows * columns * type.Bytes();

    /// <summary>Bytes of the backward: gate, up, the product's gradient and two results.</summary>
    public static long BackwardTraffic(ElementType type, long rows, int columns) => 5L * rows * columns * type.Bytes();

    /// <summary>Puts the forward on a stream.</summary>
    /// <exception cref="ArgumentException">A size, an address or an overlap that cannot be.</exception>
    public void Forward(in GatedUnitArguments arguments, nint stream)
    {
        if (!Check(arguments)) return;
        LaunchGuard.Tensor(arguments.Product, arguments.Type, arguments.Columns);
        CheckResult(arguments.Product, arguments, nameof(arguments.Product));
        bool chunked = IsChunked(arguments) && arguments.Product.IsChunked(arguments.Type);
        Launch(arguments, backward: false, chunked, stream);
    }

    /// <summary>Puts the backward on a stream.</summary>
    /// <exception cref="ArgumentException">A size, an address or an overlap that cannot be.</exception>
    public void Backward(in GatedUnitArguments arguments, nint stream)
    {
        if (!Check(arguments)) return;
        LaunchGuard.Tensor(arguments.Gradient, arguments.Type, arguments.Columns);
        LaunchGuard.Tensor(arguments.GateGradient, arguments.Type, arguments.Columns);
        LaunchGuard.Tensor(arguments.UpGradient, arguments.Type, arguments.Columns);
        CheckResult(arguments.GateGradient, arguments, nameof(arguments.GateGradient));
        CheckResult(arguments.UpGradient, arguments, nameof(arguments.UpGradient));
        if (arguments.GateGradient.Address == arguments.UpGradient.Address)
            LaunchGuard.Throw("GateGradient and UpGradient are one tensor; they are two results.", nameof(arguments.UpGradient));
        LaunchGuard.SameOrApart(arguments.UpGradient, arguments.GateGradient, arguments.Type, arguments.Rows, arguments.Columns);
        bool chunked = IsChunked(arguments) && arguments.Gradient.IsChunked(arguments.Type)
            && arguments.GateGradient.IsChunked(arguments.Type) && arguments.UpGradient.IsChunked(arguments.Type);
        Launch(arguments, backward: true, chunked, stream);
    }

    private static bool Check(in GatedUnitArguments arguments)
    {
        LaunchGuard.NotNegative(arguments.Rows);
        LaunchGuard.Positive(arguments.Columns);
        if (!Enum.IsDefined(arguments.Activation)) throw new ArgumentOutOfRangeException(nameof(arguments), arguments.Activation, "There is no such activation.");
        if (arguments.Rows == 0) return false;
        LaunchGuard.Tensor(arguments.Gate, arguments.Type, arguments.Columns);
        LaunchGuard.Tensor(arguments.Up, arguments.Type, arguments.Columns);
        return true;
    }

    private static void CheckResult(in RowTensor result, in GatedUnitArguments arguments, string name)
    {
        LaunchGuard.SameOrApart(result, arguments.Gate, arguments.Type, arguments.Rows, arguments.Columns, name);
        LaunchGuard.SameOrApart(result, arguments.Up, arguments.Type, arguments.Rows, arguments.Columns, name);
        LaunchGuard.SameOrApart(result, arguments.Gradient, arguments.Type, arguments.Rows, arguments.Columns, name);
    }

    private static bool IsChunked(in GatedUnitArguments arguments) =>
        arguments.Columns % arguments.Type.Lanes() == 0 && arguments.Gate.IsChunked(arguments.Type) && arguments.Up.IsChunked(arguments.Type);

    private void Launch(in GatedUnitArguments a, bool backward, bool chunked, nint stream)
    {
        int width = chunked ? Grids.BlockSize * Unroll * a.Type.Lanes() : Grids.BlockSize;
        LaunchShape shape = Plain
            ? Grids.Covering(a.Rows * a.Columns, Grids.PlainBlockSize)
            : Grids.Walking(a.Rows * Grids.Ceiling(a.Columns, width), Grids.BlockSize, context.Architecture);
        int index = (((((int)a.Type * Activations) + (int)a.Activation) * 2) + (backward ? 1 : 0)) * 2;
        kernels[index + (chunked ? 0 : 1)].Launch(shape, stream, new GatedUnitParameters
        {
            Gate = a.Gate.Address, Up = a.Up.Address, Product = a.Product.Address, Gradient = a.Gradient.Address,
            GateGradient = a.GateGradient.Address, UpGradient = a.UpGradient.Address,
            GateStride = a.Gate.Stride, UpStride = a.Up.Stride, ProductStride = a.Product.Stride, GradientStride = a.Gradient.Stride,
            GateGradientStride = a.GateGradient.Stride, UpGradientStride = a.UpGradient.Stride,
            Rows = a.Rows, Columns = a.Columns,
        });
    }

    private (string Module, string Entry) Name(int index)
    {
        string type = ((ElementType)(index / (Activations * 4))).Suffix(), direction = index / 2 % 2 == 0 ? "forward" : "backward";
        string activation = (GatedActivation)(index / 4 % Activations) switch
        {
            GatedActivation.Silu => "silu",
            GatedActivation.Gelu => "gelu",
            GatedActivation.GeluTanh => "gelu_tanh",
            _ => "relu",
        };
        return Plain
            ? ($"gated_unit_reference_{type}", $"gated_unit_{direction}_{activation}_reference")
            : ($"gated_unit_{type}", $"gated_unit_{direction}_{activation}{(index % 2 == 0 ? string.Empty : "_any")}");
    }
}
