namespace LongContext.Cpu.Attention;

/// <summary>Number format of cached keys and values.</summary>
internal enum CacheFormat
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, rounded to nearest even.</summary>
    BFloat16,

    /// <summary>OCP E4M3 with a float32 scale for each token and head.</summary>
    Float8,

    /// <summary>Signed bytes with a float32 scale for each token and head.</summary>
    Int8,
}
