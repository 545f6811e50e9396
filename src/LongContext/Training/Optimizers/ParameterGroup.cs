namespace LongContext.Training.Optimizers;

/// <summary>Parameters that train at a rate or with a decay of their own. Of several groups the first whose pattern fits counts.</summary>
public sealed class ParameterGroup
{
    /// <summary>Pattern of names in the checkpoint: <c>*</c> for any characters, <c>?</c> for one. For example <c>*.mlp.*</c>.</summary>
    public required string Pattern { get; init; }

    /// <summary>Factor on the run's learning rate. Default 1; not negative. 0 leaves the parameters as they are.</summary>
    public double LearningRateFactor { get; init; } = 1;

    /// <summary>Weight decay in place of the optimizer's; null (the default) for that. Norms and biases never decay, whatever is said here. Not negative.</summary>
    public double? WeightDecay { get; init; }
}
