using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Linear;

/// <summary>Launches products of a few rows with weight matrices in any format. Allocates nothing after the first call; can be captured into a graph.</summary>
/// <remarks>
/// The fast kernels want x and codes on borders of 16 bytes, rows of x at multiples of 8 elements, and inputs a multiple of 8 (plain), 16 (8 bits), 32 (int4, whose
/// groups are multiples of 32 too, or whole rows) or 64 (NF4). Else the plain kernel runs, with every weight made anew for every row: right, and slow.
/// </remarks>
internal sealed class LinearKernel
{
    /// <summary>Most rows of x.</summary>
    public const int MostRows = 32;

    private const int Formats = 5;
    private const int Nf4Block = 64;
    private const int TokenTiles = MostRows / 8;

    /// <summary>Entries of a format: four numbers of rows for each kind of group.</summary>
    private const int Entries = TokenTiles * 3;

    private readonly CudaContext context;
    private readonly KernelTable fast;
    private readonly KernelTable combine;
    private readonly KernelTable reference;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public LinearKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        fast = new KernelTable(context, 2 * Formats * Entries, index => (
            Name(index / Entries), $"linear_{8 * ((index % TokenTiles) + 1)}{((index / TokenTiles) % 3) switch { 0 => string.Empty, 1 => "_of64", _ => "_of32" }}"));
        combine = new KernelTable(context, 2 * Formats, index => (Name(index), "linear_combine"));
        reference = new KernelTable(context, 2 * Formats, index => ($"linear_reference_{((ElementType)(index % 2)).Suffix()}", $"linear_reference_{Word((LinearFormat)(index / 2))}"));

        static string Name(int index) => LinearKernel.Name((LinearFormat)(index / 2), (ElementType)(index % 2));
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>The module of a format's fast kernels, as <see cref="CudaContext.GetKernel"/> wants it.</summary>
    public static string Module(LinearFormat format, ElementType type) => $"sm_80/{Name(format, type)}";

    /// <summary>Bytes of workspace for arguments, whose addresses are not looked at; 0 where none is needed. Launches that follow each other on a stream may share it.</summary>
    /// <exception cref="ArgumentException">A size or a format that cannot be.</exception>
    public static long WorkspaceBytes(in LinearArguments arguments, GpuArchitecture architecture)
    {
        LinearGuard.Check(arguments);
        return LinearPlan.Of(arguments, architecture).WorkspaceBytes(arguments.Rows);
    }

    /// <summary>Bytes that must be moved: the matrices with their scales, x and results once.</summary>
    public static long Traffic(in LinearArguments arguments)
    {
        int output = (arguments.OutputType ?? arguments.Type).Bytes();
        long bytes = (long)arguments.Rows * arguments.First.Weight.Inputs * arguments.Type.Bytes();
        bytes += Part(arguments.First, arguments) + Part(arguments.Second, arguments) + Part(arguments.Third, arguments);
        return bytes - (arguments.Activation is null ? 0 : (long)arguments.Rows * arguments.First.Weight.Outputs * output);

        static long Part(in LinearPart part, in LinearArguments a)
        {
            LinearWeight w = part.Weight;
            if (!w.Exists) return 0;
            int groups = w.Format is LinearFormat.Plain ? 0 : GroupsOf(w);
            long ofRow = w.Format switch
            {
                LinearFormat.Plain => (long)w.Inputs * a.Type.Bytes(),
                LinearFormat.Int8 or LinearFormat.Float8 => w.Inputs + sizeof(float),
                LinearFormat.Int4 => Grids.Ceiling(w.Inputs, 2) + (groups * (w.Zeros == 0 ? 4L : 5L)),
                _ => Grids.Ceiling(w.Inputs, 2) + (groups * (w.Groups == 0 ? 4L : 1L)),
            };
            return w.Outputs * (ofRow + ((long)a.Rows * (a.OutputType ?? a.Type).Bytes()));
        }
    }

    /// <summary>Whether the fast kernels take the arguments, whose addresses are looked at.</summary>
    public static bool IsFast(in LinearArguments arguments)
    {
        LinearWeight w = arguments.First.Weight;
        int unit = w.Format switch { LinearFormat.Plain => 8, LinearFormat.Int8 or LinearFormat.Float8 => 16, LinearFormat.Int4 => 32, _ => Nf4Block };
        if (w.Inputs % unit != 0 || !arguments.X.IsChunked(arguments.Type)) return false;
        if (((arguments.First.Weight.Codes | arguments.Second.Weight.Codes | arguments.Third.Weight.Codes) & (ElementTypes.ChunkBytes - 1)) != 0) return false;
        // A column's group is found by one multiplication, whose error must stay below a column.
        return w.Format != LinearFormat.Int4 || w.GroupSize >= w.Inputs || (w.GroupSize % 32 == 0 && (long)w.GroupSize * (w.Inputs + 128) < 1L << 32);
    }

    /// <summary>Puts it on a stream: one launch, or two where the inputs are split among blocks.</summary>
    /// <exception cref="ArgumentException">A size, a format or an address that cannot be.</exception>
    /// <exception cref="NotSupportedException">A type that products of few rows are not for.</exception>
    public void Run(in LinearArguments arguments, nint stream)
    {
        LinearGuard.Check(arguments);
        if (arguments.Rows == 0) return;
        LinearGuard.CheckAddresses(arguments);
        LinearPlan plan = LinearPlan.Of(arguments, context.Architecture);
        LinearParameters parameters = Parameters(arguments, plan);
        int pair = ((int)arguments.First.Weight.Format * 2) + (int)arguments.Type;
        if (Plain || !IsFast(arguments))
        {
            int width = arguments.Activation is null ? 16 : 8;
            reference[pair].Launch(Grids.Covering((long)arguments.Rows * plan.Tiles * width, Grids.PlainBlockSize), stream, parameters);
            return;
        }

        if (plan.Splits > 1)
        {
            LaunchGuard.Address(arguments.Workspace, sizeof(float));
            parameters.Partials = arguments.Workspace;
        }

        var shape = new LaunchShape(plan.TileBlocks, plan.Splits, 1, LinearPlan.Warps * 32, 0);
        fast[(pair * Entries) + (GroupKind(arguments.First.Weight) * TokenTiles) + ((arguments.Rows - 1) / 8)].Launch(shape, stream, parameters);
        if (plan.Splits > 1) combine[pair].Launch(Grids.Covering((long)arguments.Rows * plan.Tiles * 16, Grids.BlockSize), stream, parameters);
    }

    /// <summary>0: groups of a multiple of 128 inputs, or none; 1: of 64; 2: of 32.</summary>
    private static int GroupKind(in LinearWeight w) => w.Format != LinearFormat.Int4 || w.GroupSize >= w.Inputs || w.GroupSize % 128 == 0 ? 0 : w.GroupSize % 64 == 0 ? 1 : 2;

    /// <summary>Whether a step's scales, and its zero points, are a vector each.</summary>
    private static bool HasScalesAtOnce(in LinearArguments a)
    {
        const int inputsOfStep = 128;
        LinearWeight w = a.First.Weight;
        int size = w.Format switch { LinearFormat.Nf4 => Nf4Block, LinearFormat.Int4 => w.GroupSize, _ => 0 };
        if (size is not (32 or Nf4Block) || w.Inputs % inputsOfStep != 0) return false;
        nint count = inputsOfStep / size;
        return Is(a.First.Weight) && Is(a.Second.Weight) && Is(a.Third.Weight);

        bool Is(in LinearWeight part) => part.Scales % (count * (part.Groups == 0 ? sizeof(float) : 1)) == 0 && part.Zeros % count == 0;
    }

    private static int GroupsOf(in LinearWeight w) => w.Format switch
    {
        LinearFormat.Int4 => Grids.Ceiling(w.Inputs, w.GroupSize),
        LinearFormat.Nf4 => Grids.Ceiling(w.Inputs, Nf4Block),
        _ => 1,
    };

    private static string Name(LinearFormat format, ElementType type) => $"linear_{Word(format)}_{type.Suffix()}";

    private static string Word(LinearFormat format) => format switch
    {
        LinearFormat.Plain => "plain", LinearFormat.Int8 => "int8", LinearFormat.Float8 => "float8", LinearFormat.Int4 => "int4", _ => "nf4",
    };

    private static LinearParameters Parameters(in LinearArguments a, in LinearPlan plan)
    {
        (int second, int third) = LinearPlan.FirstTiles(a);
        LinearWeight w = a.First.Weight;
        int groups = GroupsOf(w), size = w.Format == LinearFormat.Nf4 ? Nf4Block : Math.Max(1, w.GroupSize);
        double cap = a.SoftCap ?? 0;
        return new LinearParameters
        {
            X = a.X.Address, Residual = a.Residual.Address, XStride = a.X.Stride, ResidualStride = a.Residual.Stride,
            First = Matrix(a.First, 0), Second = Matrix(a.Second, second), Third = Matrix(a.Third, third),
            Rows = a.Rows, Inputs = w.Inputs, Tiles = plan.Tiles, StepsOfPart = plan.StepsOfPart, Splits = plan.Splits,
            WarpPartsShift = System.Numerics.BitOperations.Log2((uint)plan.WarpParts),
            Groups = groups, GroupSize = size, GroupFactor = groups == 1 ? 0 : (uint)(((1L << 32) + size - 1) / size),
            Activation = a.Activation is { } activation ? (int)activation : -1, FloatOutput = a.OutputType == ElementType.Float32 ? 1 : 0,
            ScalesAtOnce = HasScalesAtOnce(a) ? 1 : 0,
            Scale = (float)a.Scale, Cap = (float)cap, ScaleOverCap = cap > 0 ? (float)(a.Scale / cap) : 0,
        };
    }

    private static LinearMatrix Matrix(in LinearPart part, int firstTile) => new()
    {
        Codes = part.Weight.Codes, Scales = part.Weight.Scales, Zeros = part.Weight.Zeros, Groups = part.Weight.Groups, Table = part.Weight.Table,
        Bias = part.Bias, Y = part.Y.Address, YStride = part.Y.Stride, Outputs = part.Weight.Outputs, FirstTile = firstTile, Mean = (float)part.Weight.Mean,
    };
}
