namespace LongContext.Evaluation.Tasks.Records;

/// <summary>
/// A way of scoring an answer, with a name: one of <see cref="AnswerMetrics"/>, or a function of your own.
/// </summary>
public sealed class AnswerMetric
{
    private readonly Func<EvaluationItem, string, ItemScore> score;

    /// <summary>A metric of your own.</summary>
    /// <param name="name">
    /// Its name, which figures bear. A run that is resumed knows the metric by it alone: give it another when what the function does changes.
    /// </param>
    /// <param name="score">Scores what the model said to an item, 0 to 1, the higher the better. Called by several threads at once.</param>
    /// <exception cref="ArgumentException">The name is blank.</exception>
    public AnswerMetric(string name, Func<EvaluationItem, string, double> score)
        : this(name, Wrap(score))
    {
    }

    /// <summary>A metric of your own that says more than a number: what it read from the answer, or other measures.</summary>
    /// <param name="name">Its name, as above.</param>
    /// <param name="score">Scores what the model said to an item. Called by several threads at once.</param>
    /// <exception cref="ArgumentException">The name is blank.</exception>
    public AnswerMetric(string name, Func<EvaluationItem, string, ItemScore> score)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(score);
        Name = name;
        this.score = score;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Scores an answer.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    /// <exception cref="InvalidOperationException">The function gave something that is no number.</exception>
    public ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        ItemScore given = score(item, answer) ?? throw new InvalidOperationException($"The metric {Name} gave null for the item {item.Id}, expected a score.");
        return double.IsFinite(given.Value) ? given
            : throw new InvalidOperationException(FormattableString.Invariant($"The metric {Name} gave {given.Value} for the item {item.Id}, expected a number."));
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static Func<EvaluationItem, string, ItemScore> Wrap(Func<EvaluationItem, string, double> score)
    {
        ArgumentNullException.ThrowIfNull(score);
        return (item, answer) => new ItemScore(score(item, answer));
    }
}
