namespace LongContext.Cuda.Attention;

/// <summary>Element type of queries, keys, values and outputs.</summary>
internal enum AttentionElement
{
    BFloat16,
    Float16,
}
