using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="RepetitionMaker"/>.</summary>
public sealed class RepetitionOptions
{
    /// <summary>Which words are asked for. Default: <see cref="RepeatedWords.Last"/>.</summary>
    public RepeatedWords Form { get; init; } = RepeatedWords.Last;

    /// <summary>Fewest words asked for, at least 1. Default: 1.</summary>
    public int MinimumCount { get; init; } = 1;

    /// <summary>Most words asked for; fewer where the text is shorter. Default: 99.</summary>
    public int MaximumCount { get; init; } = 99;

    /// <summary>
    /// The prompt, with {text} where the text goes and, where wanted, {count} and {marker}. Null, the default, is Together's
    /// "Return last {count} words from this text: " and its like for the marker, the text after a blank line.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>What stands between prompt and answer, part of the completion; empty where a chat template parts them. Default: a blank line.</summary>
    public string BeforeAnswer { get; init; } = "\n\n";

    /// <summary>The words that random texts are drawn from: at least 3, different, without white space. Default: some 500 common English nouns.</summary>
    public IReadOnlyList<string> Words { get; init; } = PlainWords.All;

    /// <summary>Counts tokens. Required for random texts; for documents it cuts them to <see cref="MaximumTokens"/>, and without it they stay whole. Default: none.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>Shortest random text: tokens of prompt and completion. Default: 1,024.</summary>
    public int MinimumTokens { get; init; } = 1_024;

    /// <summary>
    /// Longest text: tokens of prompt and completion; each length between is drawn equally often. Default: 32,768. What an encoder adds (a beginning and an end of sentence, and a
    /// token where it encodes prompt and completion apart) is not counted: for a context to pack into, stay some tokens below it.
    /// </summary>
    public int MaximumTokens { get; init; } = 32_768;

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal string EffectiveTemplate => Template ?? (Form == RepeatedWords.Last
        ? "Return last {count} words from this text: \n\n{text}"
        : "Return the {count} words after \"{marker}\" from this text: \n\n{text}");

    internal void Validate()
    {
        List<string> faults = [];
        if (!Enum.IsDefined(Form)) faults.Add($"{nameof(Form)} is {Form}, expected Last or AfterMarker");
        if (MinimumCount < 1) faults.Add($"{nameof(MinimumCount)} is {MinimumCount}, expected at least 1");
        if (MaximumCount < MinimumCount) faults.Add($"{nameof(MaximumCount)} is {MaximumCount}, expected at least {nameof(MinimumCount)}, {MinimumCount}");
        if (PromptTemplate.Fault(EffectiveTemplate, nameof(Template)) is { } fault) faults.Add(fault);
        if (Form == RepeatedWords.Last && EffectiveTemplate.Contains("{marker}", StringComparison.Ordinal)) faults.Add($"{nameof(Template)} has {{marker}}, which only the form {RepeatedWords.AfterMarker} knows");
        if (BeforeAnswer is null) faults.Add($"{nameof(BeforeAnswer)} is null");
        if (Words is null || Words.Count < 3 || Words.Distinct(StringComparer.Ordinal).Count() != Words.Count) faults.Add($"{nameof(Words)} has {Words?.Count ?? 0} words, expected at least 3, all different");
        foreach (string bad in (Words ?? []).Where(word => string.IsNullOrEmpty(word) || word.Any(TextUnits.IsSpace)).Take(1)) faults.Add($"{nameof(Words)} holds \"{bad}\", expected words without white space");
        TokenRange.AddFaults(MinimumTokens, MaximumTokens, faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(RepetitionOptions)}: {string.Join("; ", faults)}.");
    }
}
