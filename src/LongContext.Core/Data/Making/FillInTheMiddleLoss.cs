namespace LongContext.Data.Making;

/// <summary>What of a document with its middle at the end the loss counts.</summary>
public enum FillInTheMiddleLoss
{
    /// <summary>Everything, as Bavarian et al. 2022 train.</summary>
    Everything,

    /// <summary>The middle alone, and its end token.</summary>
    Middle,
}
