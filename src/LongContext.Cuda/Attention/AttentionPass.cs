namespace LongContext.Cuda.Attention;

/// <summary>The kernels that work in tiles.</summary>
internal enum AttentionPass
{
    /// <summary>Output and log-sum-exp, by tiles of queries.</summary>
    Forward,

    /// <summary>Gradients of keys and values, and sums for that of queries, by tiles of keys.</summary>
    BackwardKeys,

    /// <summary>The gradient of queries in a fixed order of sums, by tiles of queries.</summary>
    BackwardQueries,
}
