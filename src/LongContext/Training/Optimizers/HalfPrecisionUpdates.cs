namespace LongContext.Training.Optimizers;

/// <summary>How an optimizer keeps parameters of half types, where most updates are smaller than the distance to the next value.</summary>
public enum HalfPrecisionUpdates
{
    /// <summary>A copy in float32 is updated, and rounded to the parameter: nothing is lost, for 4 bytes a value.</summary>
    MasterWeights,

    /// <summary>
    /// No copy: the update is computed in float32 and rounded up or down at random, so that the mean is exact. For bfloat16 only.
    /// The random bits depend on the run's seed, the update's number, the parameter's name and the value's index, and on nothing else.
    /// </summary>
    StochasticRounding,

    /// <summary>No copy: the update is computed in float32 and rounded to the nearest. Updates below half a step of the type are lost.</summary>
    Nearest,
}
