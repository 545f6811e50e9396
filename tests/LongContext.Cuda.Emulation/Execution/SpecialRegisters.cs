namespace LongContext.Cuda.Emulation.Execution;

/// <summary>Registers that the hardware sets; all but clocks keep their value while a block runs.</summary>
internal static unsafe class SpecialRegisters
{
    public static int Bits(string name) => name switch
    {
        "%tid.x" or "%tid.y" or "%tid.z" or "%ntid.x" or "%ntid.y" or "%ntid.z" or "%ctaid.x" or "%ctaid.y" or "%ctaid.z"
            or "%nctaid.x" or "%nctaid.y" or "%nctaid.z" or "%laneid" or "%warpid" or "%nwarpid" or "%smid" or "%nsmid"
            or "%lanemask_eq" or "%lanemask_le" or "%lanemask_lt" or "%lanemask_ge" or "%lanemask_gt"
            or "%dynamic_smem_size" or "%total_smem_size" => 32,
        "%gridid" => 64,
        _ => 0,
    };

    /// <summary>Registers of sm_90: there every block is a cluster of one.</summary>
    public static bool IsCluster(string name) => name is "%cluster_ctaid.x" or "%cluster_ctaid.y" or "%cluster_ctaid.z"
        or "%cluster_nctaid.x" or "%cluster_nctaid.y" or "%cluster_nctaid.z" or "%cluster_ctarank" or "%cluster_nctarank"
        or "%clusterid.x" or "%clusterid.y" or "%clusterid.z" or "%nclusterid.x" or "%nclusterid.y" or "%nclusterid.z";

    public static bool IsClock(string name) => name is "%clock" or "%clock_hi" or "%clock64" or "%globaltimer";

    public static void Fill(Warp w, string name, byte* slot)
    {
        for (int lane = 0; lane < 32; lane++)
        {
            if (name == "%gridid")
                ((ulong*)slot)[lane] = 1;
            else
                ((uint*)slot)[lane] = Value(w, name, lane);
        }
    }

    private static uint Value(Warp w, string name, int lane)
    {
        Launch launch = w.Block.Launch;
        int thread = (w.Index * 32) + lane;
        return (uint)(name switch
        {
            "%tid.x" => thread % launch.Block.X,
            "%tid.y" => thread / launch.Block.X % launch.Block.Y,
            "%tid.z" => thread / (launch.Block.X * launch.Block.Y),
            "%ntid.x" => launch.Block.X,
            "%ntid.y" => launch.Block.Y,
            "%ntid.z" => launch.Block.Z,
            "%ctaid.x" or "%clusterid.x" => w.Block.X,
            "%ctaid.y" or "%clusterid.y" => w.Block.Y,
            "%ctaid.z" or "%clusterid.z" => w.Block.Z,
            "%nctaid.x" or "%nclusterid.x" => launch.Grid.X,
            "%nctaid.y" or "%nclusterid.y" => launch.Grid.Y,
            "%nctaid.z" or "%nclusterid.z" => launch.Grid.Z,
            "%laneid" => lane,
            "%warpid" => w.Index,
            "%nwarpid" => 64,
            "%smid" => 0,
            "%nsmid" => launch.Options.Multiprocessors,
            "%lanemask_eq" => (int)(1u << lane),
            "%lanemask_le" => (int)(uint.MaxValue >> (31 - lane)),
            "%lanemask_lt" => (int)((1u << lane) - 1),
            "%lanemask_ge" => (int)(uint.MaxValue << lane),
            "%lanemask_gt" => (int)(uint.MaxValue << lane << 1),
            "%dynamic_smem_size" => launch.DynamicShared,
            "%total_smem_size" => launch.SharedBytes,
            "%cluster_nctaid.x" or "%cluster_nctaid.y" or "%cluster_nctaid.z" or "%cluster_nctarank" => 1,
            _ => 0,
        });
    }
}
