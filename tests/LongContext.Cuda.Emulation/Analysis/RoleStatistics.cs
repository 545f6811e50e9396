namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>What warps hold after a setmaxnreg, which gives them their number of registers.</summary>
/// <param name="Limit">Registers of a thread from there on.</param>
/// <param name="Gives">Whether the warps gave registers away; otherwise they took some.</param>
/// <param name="Registers">32-bit registers alive at the same time at most, those not counted that hold only what instructions can name: constants and parameters.</param>
/// <param name="RegistersLine">Line where that is.</param>
public sealed record RoleStatistics(int Limit, bool Gives, int Registers, int RegistersLine);
