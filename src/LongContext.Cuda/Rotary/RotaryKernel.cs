using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rotary;

/// <summary>Launches rotary embedding of queries and keys, both at once. Allocates nothing after the first call.</summary>
internal sealed class RotaryKernel
{
    /// <summary>Heads of a thread, as in the kernel.</summary>
    private const int HeadsOfThread = 4;

    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests. It cannot turn in place.</param>
    public RotaryKernel(CudaContext context, bool plain = false)
    {
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.PairCount, index => plain
            ? ($"rotary_reference_{ElementTypes.PairSuffix(index / 2)}", "rotary_reference")
            : ($"rotary_{ElementTypes.PairSuffix(index / 2)}", index % 2 == 0 ? "rotary" : "rotary_any"));
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Puts the rotation on a stream.</summary>
    /// <exception cref="ArgumentException">A size, an address or an overlap that cannot be.</exception>
    public void Rotate(in RotaryArguments arguments, nint stream)
    {
        RotaryArguments a = arguments with
        {
            RotatedQ = arguments.RotatedQ.Exists ? arguments.RotatedQ : arguments.Q,
            RotatedK = arguments.RotatedK.Exists ? arguments.RotatedK : arguments.K,
        };
        int pair = Check(a);
        if (a.Tokens == 0 || a.Heads + a.KeyHeads == 0) return;
        bool inPlace = a.RotatedQ == a.Q && (a.KeyHeads == 0 || a.RotatedK == a.K);
        int rest = inPlace ? 0 : a.Size - a.Rotated, half = a.Rotated / 2;
        if (half + rest == 0) return;
        int lanes = a.Type.Lanes();
        bool chunked = half % lanes == 0 && rest % lanes == 0 && a.Size % lanes == 0
            && a.Q.IsChunked(a.Type) && a.K.IsChunked(a.Type) && a.RotatedQ.IsChunked(a.Type) && a.RotatedK.IsChunked(a.Type)
            && a.Cos.IsChunked(a.TableType) && a.Sin.IsChunked(a.TableType);
        var parameters = new RotaryParameters
        {
            Q = a.Q.Address, K = a.K.Address, RotatedQ = a.RotatedQ.Address, RotatedK = a.RotatedK.Address, Cos = a.Cos.Address, Sin = a.Sin.Address, Positions = a.Positions,
            QStride = a.Q.Stride, KStride = a.K.Stride, RotatedQStride = a.RotatedQ.Stride, RotatedKStride = a.RotatedK.Stride, TableStride = a.Cos.Stride,
            Tokens = a.Tokens, Heads = a.Heads, KeyHeads = a.KeyHeads, Size = a.Size, Rotated = a.Rotated, Copies = rest > 0 ? 1 : 0, Direction = a.Backward ? -1 : 1,
        };
        kernels[(2 * pair) + (chunked ? 0 : 1)].Launch(Grid(a, chunked, half, rest), stream, parameters);
    }

    /// <summary>Bytes that must be moved: what turns twice (all of it where the result lies elsewhere), and half of the tables' rows.</summary>
    public static long Traffic(in RotaryArguments arguments)
    {
        bool inPlace = !arguments.RotatedQ.Exists || arguments.RotatedQ == arguments.Q;
        long moved = (long)arguments.Tokens * (arguments.Heads + arguments.KeyHeads) * (inPlace ? arguments.Rotated : arguments.Size) * arguments.Type.Bytes();
        return (2 * moved) + ((long)arguments.Tokens * arguments.Rotated * arguments.TableType.Bytes()) + (arguments.Positions == 0 ? 0 : (long)arguments.Tokens * sizeof(int));
    }

    private LaunchShape Grid(in RotaryArguments a, bool chunked, int half, int rest)
    {
        if (Plain) return Grids.Covering(a.Tokens, Grids.PlainBlockSize);
        long heads = a.Heads + a.KeyHeads, ofHead = half + rest;
        return chunked
            ? Grids.Covering(a.Tokens * Grids.Ceiling(heads, HeadsOfThread) * (ofHead / a.Type.Lanes()), Grids.BlockSize)
            : Grids.Covering(a.Tokens * heads * ofHead, Grids.BlockSize);
    }

    private int Check(in RotaryArguments a)
    {
        LaunchGuard.NotNegative(a.Tokens);
        LaunchGuard.NotNegative(a.Heads);
        LaunchGuard.NotNegative(a.KeyHeads);
        LaunchGuard.Positive(a.Size);
        if (a.Rotated < 0 || a.Rotated > a.Size || a.Rotated % 2 != 0) LaunchGuard.Throw($"Rotated is {a.Rotated}; it must be even and at most the head's {a.Size}.", nameof(a.Rotated));
        int pair = ElementTypes.PairIndex(a.Type, a.TableType, "The table");
        if (a.Tokens == 0) return pair;
        CheckTensors(a.Q, a.RotatedQ, a, a.Heads, nameof(a.Q), nameof(a.RotatedQ));
        CheckTensors(a.K, a.RotatedK, a, a.KeyHeads, nameof(a.K), nameof(a.RotatedK));
        LaunchGuard.Tensor(a.Cos, a.TableType, a.Rotated / 2);
        LaunchGuard.Tensor(a.Sin, a.TableType, a.Rotated / 2);
        if (a.Cos.Stride != a.Sin.Stride) LaunchGuard.Throw($"Cos and Sin have rows {a.Cos.Stride} and {a.Sin.Stride} elements apart; they must be alike.", nameof(a.Sin));
        if (a.Positions != 0) LaunchGuard.Address(a.Positions, sizeof(int));
        return pair;
    }

    private void CheckTensors(in RowTensor given, in RowTensor result, in RotaryArguments a, int heads, string name, string resultName)
    {
        if (heads == 0) return;
        long columns = (long)heads * a.Size;
        LaunchGuard.Tensor(given, a.Type, columns, name);
        LaunchGuard.Tensor(result, a.Type, columns, resultName);
        LaunchGuard.SameOrApart(result, given, a.Type, a.Tokens, columns, resultName, name);
        if (Plain && result.Address == given.Address) LaunchGuard.Throw($"The plain kernel cannot turn {name} in place.", name);
    }
}
