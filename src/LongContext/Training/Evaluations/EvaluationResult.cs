namespace LongContext.Training.Evaluations;

/// <summary>What an evaluation found.</summary>
public sealed record EvaluationResult
{
    /// <summary>Figures by name, in the order to show them in.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> Values { get; init; }

    /// <summary>A figure by its name.</summary>
    /// <param name="name">A name among <see cref="Values"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no figure of that name; the message lists those that there are.</exception>
    public double this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            foreach ((string key, double value) in Values)
            {
                if (key == name) return value;
            }

            throw new KeyNotFoundException($"There is no figure '{name}'; there are {string.Join(", ", Values.Select(value => value.Key))}.");
        }
    }

    /// <summary>The one figure by which models are compared, lower is better; null (the default) where there is none.</summary>
    public double? Primary { get; init; }
}
