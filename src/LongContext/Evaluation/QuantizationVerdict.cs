namespace LongContext.Evaluation;

/// <summary>What quantising did to a model, by the limits of <see cref="QuantizationReportOptions"/>.</summary>
public enum QuantizationVerdict
{
    /// <summary>Nothing lost more than the lower limits.</summary>
    Kept,

    /// <summary>Nothing was lost as far as can be said, but some figure could not be measured: no item of a task, or of a length, could be asked and scored with both models.</summary>
    NotMeasured,

    /// <summary>Something lost more than a lower limit.</summary>
    Degraded,

    /// <summary>Something lost more than an upper limit, or is no number: not to be shipped.</summary>
    Collapsed,
}
