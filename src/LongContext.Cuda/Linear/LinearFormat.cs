namespace LongContext.Cuda.Linear;

/// <summary>How a weight matrix [outputs, inputs] is held. Rows lie one after another; scales are float32.</summary>
internal enum LinearFormat
{
    /// <summary>In the activations' own type.</summary>
    Plain,

    /// <summary>Signed bytes times a factor for each output.</summary>
    Int8,

    /// <summary>8-bit floats (e4m3) times a factor for each output. The two codes of NaN, which no quantiser writes, count as ±480.</summary>
    Float8,

    /// <summary>Four bits, the first of two in the low half: scale · (code − zero point), both of the group of inputs.</summary>
    Int4,

    /// <summary>4-bit NormalFloat, the first of two in the high half: codebook[code] · magnitude of the block of 64 inputs.</summary>
    Nf4,
}
