using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Sampling;

/// <summary>Launches the search for the highest logits. Allocates nothing after the first call.</summary>
internal sealed class CandidateKernel
{
    /// <summary>Most candidates of a row.</summary>
    public const int MostCandidates = 64;

    /// <summary>
    /// Relative error of masses, at most: some 36 roundings of sums, and three of each exponent, which the mass weighs by ln(vocabulary) + 1 at most on average. Together below a half of this.
    /// </summary>
    public const double MassTolerance = 1.0 / (1 << 15);

    /// <summary>Most logits of a row.</summary>
    public const int MostTokens = 128 * Slice;

    /// <summary>Logits of a block, as in the kernel.</summary>
    private const int Slice = 4096;

    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public CandidateKernel(CudaContext context, bool plain = false)
    {
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"candidates_reference_{type}", "candidates_reference") : ($"candidates_{type}", index % 2 == 0 ? "candidates_of_slices" : "candidates_of_rows");
        });
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Bytes of workspace.</summary>
    /// <exception cref="ArgumentException">A size that cannot be.</exception>
    public static long WorkspaceBytes(int rows, int vocabulary, int count)
    {
        Check(rows, vocabulary, count);
        return (long)rows * Grids.Ceiling(vocabulary, Slice) * (count + 2) * 8;
    }

    /// <summary>Puts it on a stream: two launches.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in CandidateArguments arguments, nint stream)
    {
        CandidateArguments a = arguments;
        Check(a.Rows, a.Vocabulary, a.Count);
        if (a.Rows == 0) return;
        LaunchGuard.Tensor(a.Logits, a.Type, a.Vocabulary);
        LaunchGuard.Address(a.Tokens, sizeof(int));
        LaunchGuard.Address(a.Scores, sizeof(float));
        if (a.Masses != 0) LaunchGuard.Address(a.Masses, sizeof(float));
        if (a.Counts != 0) LaunchGuard.Address(a.Counts, sizeof(int));
        if (a.InverseTemperatures != 0) LaunchGuard.Address(a.InverseTemperatures, sizeof(float));
        LaunchGuard.Address(a.Workspace, 16);
        int slices = Grids.Ceiling(a.Vocabulary, Slice), index = 2 * (int)a.Type;
        var parameters = new CandidateParameters
        {
            Logits = a.Logits.Address, Sums = a.Workspace, Lists = a.Workspace + (nint)((long)a.Rows * slices * 16), Tokens = a.Tokens, Scores = a.Scores,
            Masses = a.Masses, Counts = a.Counts, Inverses = a.InverseTemperatures,
            Stride = a.Logits.Stride, Rows = a.Rows, Vocabulary = a.Vocabulary, Count = a.Count, Slices = slices,
        };
        if (Plain)
        {
            kernels[index].Launch(Grids.Covering(a.Rows, Grids.PlainBlockSize), stream, parameters);
            return;
        }

        kernels[index].Launch(new LaunchShape(slices, a.Rows, 1, Grids.BlockSize, 0), stream, parameters);
        kernels[index + 1].Launch(new LaunchShape(a.Rows, 1, 1, Grids.BlockSize, slices * a.Count * 8), stream, parameters);
    }

    private static void Check(int rows, int vocabulary, int count)
    {
        if (rows is < 0 or > 65_535) throw new ArgumentOutOfRangeException(nameof(rows), rows, "Rows must be 0 to 65,535.");
        if (vocabulary is < 1 or > MostTokens) throw new ArgumentOutOfRangeException(nameof(vocabulary), vocabulary, $"Vocabulary must be 1 to {MostTokens}.");
        if (count < 1 || count > Math.Min(MostCandidates, vocabulary)) throw new ArgumentOutOfRangeException(nameof(count), count, $"Count must be 1 to {Math.Min(MostCandidates, vocabulary)}.");
    }
}
