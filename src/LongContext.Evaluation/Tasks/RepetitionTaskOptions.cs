using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks;

/// <summary>Options of a <see cref="RepetitionTask"/>.</summary>
public sealed record RepetitionTaskOptions
{
    /// <summary>Which words are asked for. Default: <see cref="RepetitionForm.LastWords"/>.</summary>
    public RepetitionForm Form { get; init; } = RepetitionForm.LastWords;

    /// <summary>
    /// The words that texts are drawn from: at least 3, different, without whitespace. Default: some 500 common English nouns.
    /// </summary>
    public IReadOnlyList<string> Words { get; init; } = PlainWords.All;

    /// <summary>Fewest words asked for, at least 1. Default: 1.</summary>
    public int MinimumCount { get; init; } = 1;

    /// <summary>Most words asked for; fewer where the text is shorter. Default: 99.</summary>
    public int MaximumCount { get; init; } = 99;

    /// <summary>
    /// The marker of <see cref="RepetitionForm.AfterMarker"/>, without whitespace; it is left out of the rest of the text. Null, the
    /// default, draws another of the <see cref="Words"/> for each item.
    /// </summary>
    public string? Marker { get; init; }

    /// <summary>
    /// The prompt, with {text} where the text goes and, where wanted, {count} and {marker}. Null, the default, is Together's
    /// "Return last {count} words from this text: " and its like for the marker, the text after a blank line.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>
    /// Lengths of the task's items in tokens: prompt, answer and <see cref="TemplateTokens"/>. Default: 1,024 to 32,768, each twice the one before.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [1_024, 2_048, 4_096, 8_192, 16_384, 32_768];

    /// <summary>
    /// Where the marker of <see cref="RepetitionForm.AfterMarker"/> stands in the task's items, 0 to 1; empty (the default) to draw it for each item.
    /// </summary>
    public IReadOnlyList<double> Depths { get; init; } = [];

    /// <summary>Items of each cell, that is of each length and, where there are some, depth; at least 1. Default: 25, as Together's study.</summary>
    public int ItemsPerCell { get; init; } = 25;

    /// <summary>
    /// Tokens of an answer at most, at least 1. Null, the default: twice as many as the right answer has, and at least 16.
    /// </summary>
    public int? MaximumNewTokens { get; init; }

    /// <summary>Tokens of each length kept free for a chat template, at least 0. Default: 64.</summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Whether the task's score counts whole words (<see cref="RepetitionTask.WordScore"/>) or characters, as Together's (the default).</summary>
    public bool CountsWords { get; init; }

    /// <summary>Decides the task's items. Default: 0.</summary>
    public int Seed { get; init; }

    internal string EffectiveTemplate => Template ?? (Form == RepetitionForm.LastWords
        ? "Return last {count} words from this text: \n\n{text}"
        : "Return the {count} words after the word \"{marker}\" from this text: \n\n{text}");

    internal void Validate()
    {
        List<string> faults = [];
        SizedOptionFaults.AddLengths(Lengths, nameof(Lengths), faults);
        if (Depths is null || Depths.Count > 0) SizedOptionFaults.AddDepths(Depths, nameof(Depths), faults);
        if (Depths is { Count: > 0 } && Form == RepetitionForm.LastWords) faults.Add($"{nameof(Depths)} are given, which only the form {RepetitionForm.AfterMarker} knows");
        SizedOptionFaults.AddAtLeast(ItemsPerCell, 1, nameof(ItemsPerCell), faults);
        if (MaximumNewTokens is { } most) SizedOptionFaults.AddAtLeast(most, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        if (!Enum.IsDefined(Form)) faults.Add($"{nameof(Form)} is {Form}, expected LastWords or AfterMarker");
        if (Words is null || Words.Count < 3)
        {
            faults.Add($"{nameof(Words)} has {Words?.Count ?? 0} words, expected at least 3");
        }
        else
        {
            foreach (string bad in Words.Where(word => !IsWord(word)).Take(1))
            {
                faults.Add($"{nameof(Words)} holds \"{bad}\", expected words without whitespace");
            }

            if (Words.Distinct(StringComparer.Ordinal).Count() != Words.Count) faults.Add($"{nameof(Words)} holds a word twice");
        }

        if (MinimumCount < 1) faults.Add($"{nameof(MinimumCount)} is {MinimumCount}, expected at least 1");
        if (MaximumCount < MinimumCount)
        {
            faults.Add($"{nameof(MaximumCount)} is {MaximumCount}, expected at least {nameof(MinimumCount)}, {MinimumCount}");
        }

        if (Marker is not null && !IsWord(Marker)) faults.Add($"{nameof(Marker)} is \"{Marker}\", expected a word without whitespace");
        if (PromptTemplate.Fault(EffectiveTemplate, nameof(Template)) is { } fault) faults.Add(fault);
        if (Form == RepetitionForm.LastWords && EffectiveTemplate.Contains("{marker}", StringComparison.Ordinal))
        {
            faults.Add($"{nameof(Template)} has {{marker}}, which only the form {RepetitionForm.AfterMarker} knows");
        }

        if (faults.Count > 0) throw new ArgumentException($"{nameof(RepetitionTaskOptions)}: {string.Join("; ", faults)}.");
    }

    private static bool IsWord(string? word) => word is not null && Metrics.Words.Of(word) is [var only] && only.Length == word.Length;
}
