namespace LongContext.Cuda.Decoding;

/// <summary>What the bytes of a coded cache are. Values are those of Kernels/Decoding/coded.cuh.</summary>
internal enum CacheCodes
{
    /// <summary>The cache is not coded: it has numbers of the model's type.</summary>
    None,

    /// <summary>Signed bytes, scaled so that the largest of a token's head is 127.</summary>
    Int8,

    /// <summary>OCP E4M3, scaled so that the largest of a token's head is 448.</summary>
    Float8,
}
