namespace LongContext.Cuda.Emulation.Execution;

/// <summary>Windows of the generic address space. Global addresses are the host's own; the others lie where no host pointer can.</summary>
internal static class AddressSpaces
{
    public const long Shared = 0x0100_0000_0000_0000;
    public const long Local = 0x0200_0000_0000_0000;
    public const long Constant = 0x0300_0000_0000_0000;
    public const long Parameter = 0x0400_0000_0000_0000;

    public static long Window(long address) => address & 0x7f00_0000_0000_0000;

    public static long Base(Parsing.PtxSpace space) => space switch
    {
        Parsing.PtxSpace.Shared => Shared,
        Parsing.PtxSpace.Local => Local,
        Parsing.PtxSpace.Constant => Constant,
        Parsing.PtxSpace.Parameter => Parameter,
        _ => 0,
    };
}
