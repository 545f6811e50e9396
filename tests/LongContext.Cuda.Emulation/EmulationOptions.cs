namespace LongContext.Cuda.Emulation;

/// <summary>How kernels are run and what is checked.</summary>
public sealed record EmulationOptions
{
    /// <summary>0 runs warps in turn until they block; any other seed interleaves warps and blocks at random.</summary>
    public int Seed { get; init; }

    /// <summary>Operating-system threads that run blocks of one launch.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Blocks of a thread that are resident at the same time, as kernels that wait for other blocks need.</summary>
    public int ResidentBlocks { get; init; } = 1;

    public bool CheckUninitialised { get; init; } = true;

    public bool CheckRaces { get; init; } = true;

    /// <summary>
    /// Takes lanes of one warp to be ordered by bar.warp.sync and the block's barriers alone, as the memory model has it, and not by
    /// running in lock-step: what one lane writes to shared memory and another reads needs __syncwarp between.
    /// </summary>
    public bool CheckLanes { get; init; }

    /// <summary>
    /// Results of .approx instructions are wrong by as much as the manual allows, so that a bound that holds here holds on every GPU; without
    /// it they are rounded correctly.
    /// </summary>
    public bool ApproximateErrors { get; init; } = true;

    /// <summary>
    /// Asks for fence.proxy.async also between an ordinary read of shared memory and a bulk copy that overwrites it. The manual wants a fence
    /// between accesses through different proxies and excepts none, but common practice leaves this one out where the copy waits for the
    /// reader at an mbarrier, as the reader has the value in a register before it arrives. Writes are checked always.
    /// </summary>
    public bool CheckProxyReads { get; init; }

    /// <summary>Counts sectors and bank conflicts.</summary>
    public bool CountMemory { get; init; } = true;

    /// <summary>Lets kernels touch host memory that was neither allocated nor registered. Takes away the check of bounds.</summary>
    public bool AllowHostMemory { get; init; }

    /// <summary>A block that runs more warp-instructions than this is taken to be in an endless loop.</summary>
    public long InstructionLimit { get; init; } = 2_000_000_000;

    /// <summary>Names of PTX files that are refused, as by a driver whose assembler does not take them; null for none.</summary>
    public Func<string, bool>? Refuses { get; init; }

    /// <summary>Compute capability times ten, as the emulated device reports it.</summary>
    public int Capability { get; init; } = 90;

    /// <summary>Whether addresses can be reserved apart from memory, as the emulated device reports it.</summary>
    public bool VirtualMemory { get; init; } = true;

    public int Multiprocessors { get; init; } = 132;
}
