namespace LongContext.Cuda.Attention;

/// <summary>Which instructions the attention kernels are made of.</summary>
internal enum AttentionPath
{
    /// <summary>mma.sync, ldmatrix and cp.async: compute capability 8.0 and up.</summary>
    Portable,

    /// <summary>wgmma and bulk copies: compute capability 9.0.</summary>
    Hopper,
}
