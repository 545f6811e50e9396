using System.Numerics;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Sampling;

/// <summary>Launches what lies between two decoding steps. Allocates nothing after the first call.</summary>
/// <param name="context">The GPU.</param>
internal sealed class AdvanceKernel(CudaContext context)
{
    private const int MostThreads = 1024;
    private CudaFunction? kernel;

    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in AdvanceArguments arguments, nint stream)
    {
        AdvanceArguments a = arguments;
        LaunchGuard.NotNegative(a.Sequences);
        LaunchGuard.Positive(a.ChosenStride);
        LaunchGuard.NotNegative(a.HistorySteps);
        if (a.PageSize < 1 || !BitOperations.IsPow2(a.PageSize)) throw new ArgumentOutOfRangeException(nameof(arguments), a.PageSize, "PageSize must be a power of two.");
        if (a.Sequences == 0) return;
        LaunchGuard.Address(a.Lengths, sizeof(int));
        if (a.Chosen != 0)
        {
            LaunchGuard.Address(a.Chosen, sizeof(int));
            LaunchGuard.Address(a.Inputs, sizeof(int));
            LaunchGuard.Address(a.Positions, sizeof(int));
            if (a.History != 0)
            {
                LaunchGuard.Address(a.History, sizeof(int));
                LaunchGuard.Address(a.Step, sizeof(int));
            }
        }

        kernel ??= context.GetKernel("sm_80/advance", "advance");
        kernel.Launch(new LaunchShape(1, Math.Min(MostThreads, Grids.Ceiling(a.Sequences, 32) * 32)), stream, new AdvanceParameters
        {
            Chosen = a.Chosen, Inputs = a.Inputs, Positions = a.Positions, Lengths = a.Lengths, History = a.Chosen == 0 ? 0 : a.History, Step = a.Step,
            First = Group(a.First, "First"), Second = Group(a.Second, "Second"), Third = Group(a.Third, "Third"), Fourth = Group(a.Fourth, "Fourth"),
            Sequences = a.Sequences, ChosenStride = a.ChosenStride, HistorySteps = a.HistorySteps, PageShift = BitOperations.Log2((uint)a.PageSize),
        });
    }

    private static AdvanceParameters.Group Group(in AdvanceGroup group, string name)
    {
        if (group.Pages == 0) return default;
        LaunchGuard.Address(group.Pages, sizeof(int), name + ".Pages");
        LaunchGuard.Address(group.Slots, sizeof(int), name + ".Slots");
        LaunchGuard.Positive(group.MaxPages, name + ".MaxPages");
        return new AdvanceParameters.Group { Pages = group.Pages, Slots = group.Slots, MaxPages = group.MaxPages };
    }
}
