using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>What sm_90 adds to a block: memory barriers, bulk copies under way, warpgroups.</summary>
internal sealed class BlockHopper(BlockRunner block, Warp[] warps, Random? random)
{
    public void Reset()
    {
        _ = (block, warps, random);
    }

    public void CheckEnd()
    {
    }

    public void WarpEnds(Warp w)
    {
    }

    /// <summary>Lets asynchronous work arrive; with <paramref name="must"/> something does, if anything is under way.</summary>
    public bool Progress(bool must) => false;
}

internal sealed class WarpgroupState
{
    public void CheckRegister(Warp w, Instruction instruction, int register, string name)
    {
    }
}
