namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction? HopperOnly(string name) => null;

    private Instruction ClusterBarrier() => throw Error("not yet emulated");

    private Instruction HopperFence() => throw Error("not yet emulated");
}
