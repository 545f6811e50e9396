namespace LongContext.Data.Making;

/// <summary>
/// Which half of all keys, values and names is drawn from, so that a model is never asked in a measurement for one that it was trained on, whatever the
/// seeds. The halves are apart by a check sum, not by anything that can be learned of a single value.
/// </summary>
public enum ValueSplit
{
    /// <summary>The half to train on.</summary>
    Training,

    /// <summary>The half to measure with.</summary>
    Evaluation,
}
