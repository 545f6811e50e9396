using System.Collections.ObjectModel;

namespace LongContext.Data.Examples;

/// <summary>
/// One example as text, before the tokenizer: a closed set of forms (<see cref="TextExample"/>, <see cref="PromptExample"/>,
/// <see cref="ChatExample"/>, <see cref="SegmentsExample"/>), each of which says what of it the loss counts.
/// </summary>
public abstract record TrainingExample
{
    private protected TrainingExample()
    {
    }

    /// <summary>Where it was read, or null (the default) for one that was made.</summary>
    public RecordOrigin? Origin { get; init; }

    /// <summary>
    /// What else tells examples apart: the task an example is of, the place of the document that holds the answer. No part of the text.
    /// Default: empty.
    /// </summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Characters (UTF-16 units) of all its text.</summary>
    public abstract long TextLength { get; }

    /// <summary>Whether another is of the same form and has the same origin and properties.</summary>
    /// <param name="other">The other.</param>
    public virtual bool Equals(TrainingExample? other) =>
        ReferenceEquals(this, other)
        || (other is not null && EqualityContract == other.EqualityContract && Origin == other.Origin && SameProperties(Properties, other.Properties));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(EqualityContract, Origin, Properties.Count);

    private static bool SameProperties(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        ReferenceEquals(one, other)
        || (one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out string? value) && value == pair.Value));
}
