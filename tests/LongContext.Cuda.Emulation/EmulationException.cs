namespace LongContext.Cuda.Emulation;

/// <summary>What a check of the emulator found.</summary>
public enum EmulationFault
{
    OutOfBounds, Misaligned, Uninitialised, Race, PendingCopy, Register, Barrier, Divergence, Deadlock, Proxy, Argument, Trap, Limit,
}

/// <summary>A kernel did something that is wrong on a GPU. The message names kernel, line, block and thread.</summary>
public sealed class EmulationException(EmulationFault fault, string message) : Exception($"{fault}: {message}")
{
    public EmulationFault Fault { get; } = fault;
}
