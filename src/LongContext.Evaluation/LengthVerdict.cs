namespace LongContext.Evaluation;

/// <summary>What the items of one length say about the threshold.</summary>
public enum LengthVerdict
{
    /// <summary>The items allow for both.</summary>
    Undecided,

    /// <summary>The model's mean is above it.</summary>
    Above,

    /// <summary>The model's mean is below it.</summary>
    Below,
}
