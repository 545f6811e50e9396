namespace LongContext.Cuda.Decoding;

/// <summary>Number format of queries, cache and results.</summary>
internal enum CacheElement
{
    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>IEEE float16.</summary>
    Float16,
}
