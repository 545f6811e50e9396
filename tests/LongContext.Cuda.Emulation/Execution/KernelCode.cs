using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>A kernel decoded: what all its blocks share.</summary>
internal sealed class KernelCode
{
    public required PtxModule Module { get; init; }

    public required PtxKernel Source { get; init; }

    public string Name => Source.Name;

    public Instruction[] Code = [];

    /// <summary>The same with the registers each reads and writes.</summary>
    public IReadOnlyList<DecodedInstruction> Decoded = [];

    /// <summary>Register file of one warp in bytes: predicates, registers, constants, special registers.</summary>
    public int RegisterBytes;

    /// <summary>What the register file holds when a warp starts: the constants.</summary>
    public byte[] RegisterImage = [];

    public int ImageStart;

    /// <summary>Special registers that are read, and where they lie in the register file.</summary>
    public List<(string Name, int Slot)> Specials = [];

    public int StaticShared;

    public int SharedAlignment = 16;

    public int LocalBytes;

    public List<string> TrackedNames = [];

    public List<string> AsyncNames = [];

    /// <summary>Registers that an asynchronous unit may hold, by their number in the kernel.</summary>
    public Dictionary<int, int> AsyncIndex = [];

    /// <summary>Number of instructions that touch memory and keep the allocation they hit last.</summary>
    public int MemorySites;

    public int MaximalThreads;
}
