using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Keeps examples of some length, in characters, words or tokens.</summary>
public sealed class LengthFilter : IExampleFilter
{
    private readonly LengthFilterOptions options;

    /// <summary>Makes a filter.</summary>
    /// <param name="options">The bounds.</param>
    /// <exception cref="ArgumentException">A bound cannot be used; the message names all that cannot.</exception>
    public LengthFilter(LengthFilterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    /// <inheritdoc/>
    public string Identity => FilterRules.Identity(
        "length",
        ("characters from", options.MinimumCharacters),
        ("to", options.MaximumCharacters),
        ("words from", options.MinimumWords),
        ("to", options.MaximumWords),
        ("tokens from", options.MinimumTokens),
        ("to", options.MaximumTokens));

    /// <inheritdoc/>
    public FilterFault? Examine(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        if (Within("characters", example.TextLength, options.MinimumCharacters, options.MaximumCharacters) is { } fault) return fault;
        if ((options.MinimumWords ?? options.MaximumWords) is not null
            && Within("words", new RawWords(ExampleTexts.Of(example)).Count, options.MinimumWords, options.MaximumWords) is { } inWords) return inWords;
        return (options.MinimumTokens ?? options.MaximumTokens) is null ? null : Within("tokens", options.CountTokens!(example), options.MinimumTokens, options.MaximumTokens);
    }

    private static FilterFault? Within(string rule, double value, double? least, double? most) =>
        FilterRules.AtLeast(rule, value, least) ?? FilterRules.AtMost(rule, value, most);
}
