using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;

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

    /// <summary>Writes what there is of origin and properties, and the length of the text.</summary>
    /// <param name="builder">Takes it.</param>
    /// <returns>True: something was written.</returns>
    protected virtual bool PrintMembers(StringBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (Origin is not null) builder.Append("Origin = ").Append(Origin).Append(", ");
        if (Properties.Count > 0) builder.Append("Properties = {").AppendJoin(", ", Properties.Select(pair => $"{pair.Key}: {pair.Value}")).Append("}, ");
        builder.Append(CultureInfo.InvariantCulture, $"TextLength = {TextLength}");
        return true;
    }

    private static bool SameProperties(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        ReferenceEquals(one, other)
        || (one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out string? value) && value == pair.Value));
}
