using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>
/// Packs as many short tasks as fit into one long sequence, one after the other, so that a model learns to make use of the examples before: few-shot
/// tuning.
/// </summary>
/// <remarks>
/// "We teach the model to leverage the in-context examples by packing as many examples as possible into one 32K-token sequence" (Together, "Preparing
/// for the era of 32K context", 2023). Examples stay in their order; a sequence ends where the next example does not fit.
/// </remarks>
public sealed class InContextPacker
{
    private readonly InContextOptions options;

    /// <summary>Makes a packer.</summary>
    /// <param name="options">The tokenizer, the length, and what counts.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public InContextPacker(InContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    /// <summary>Packs the examples of a list.</summary>
    /// <param name="examples">
    /// Prompts with completions, or texts, of which everything counts, or texts in pieces. Not conversations: render them first.
    /// </param>
    /// <returns>
    /// The sequences: <see cref="TextExample"/> where everything counts, else <see cref="SegmentsExample"/>. Properties: shots, tokens (reserved ones not
    /// included), and group where there are groups.
    /// </returns>
    /// <exception cref="ArgumentException">An example that does not fit alone, or a conversation.</exception>
    public IReadOnlyList<TrainingExample> Pack(IReadOnlyList<TrainingExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        return examples.Count == 0 ? [] : [.. DataSource.FromList(examples, seed: null).PackInContext(this).AsEnumerable()];
    }

    internal InContextOptions Options => options;

    internal string Identity => Settings.Text(
        "in context", 0, options.ContextLength, options.ReservedTokens, options.Separator, options.Loss, options.GroupBy is not null, options.LookAhead,
        options.MaximumShots, options.SkipOverlong, options.Tokenizer.CountTokens(Probe), options.Tokenizer.GetType().Name);

    // Tokenizers have no name; one that counts this text otherwise is another one.
    private const string Probe = "In the beginning 12345 «naïve» 東京 \t\n\n  was the word; tokenization differs.";
}
