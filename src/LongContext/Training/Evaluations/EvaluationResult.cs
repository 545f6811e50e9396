namespace LongContext.Training.Evaluations;

/// <summary>What an evaluation found.</summary>
public sealed record EvaluationResult
{
    /// <summary>Figures by name, in the order to show them in.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> Values { get; init; }

    /// <summary>The one figure by which models are compared, lower is better; null (the default) where there is none.</summary>
    public double? Primary { get; init; }
}
