using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks;

/// <summary>Options of a <see cref="PasskeyTask"/>.</summary>
public sealed record PasskeyTaskOptions
{
    /// <summary>Digits of the pass key, 1 to 9. Default: 5.</summary>
    public int DigitCount { get; init; } = 5;

    /// <summary>
    /// Sentences to hide the key among, drawn at random: at least 1, none empty, none with a digit. Default: thirty plain ones.
    /// </summary>
    public IReadOnlyList<string> Sentences { get; init; } = PlainSentences.All;

    /// <summary>
    /// The prompt, with {text} where the text goes. Default: a short instruction before it and the question after it.
    /// </summary>
    public string Template { get; init; } =
        "A pass key is hidden in the text below. Find it and remember it.\n\n{text}\n\nWhat is the pass key? The pass key is";

    /// <summary>What tells the key, with {key} where it goes. Default: "The pass key is {key}. Remember it."</summary>
    public string Needle { get; init; } = "The pass key is {key}. Remember it.";

    /// <summary>
    /// Lengths of the task's items in tokens: prompt, answer and <see cref="TemplateTokens"/>. Default: 1,024 to 32,768, each twice the one before.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [1_024, 2_048, 4_096, 8_192, 16_384, 32_768];

    /// <summary>Where the key stands, 0 to 1, in the task's items. Default: 0 to 1 in steps of a tenth.</summary>
    public IReadOnlyList<double> Depths { get; init; } = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    /// <summary>Items of each length and depth, at least 1. Default: 1.</summary>
    public int ItemsPerCell { get; init; } = 1;

    /// <summary>Tokens of an answer at most, at least 1. Default: 16.</summary>
    public int MaximumNewTokens { get; init; } = 16;

    /// <summary>Tokens of each length kept free for a chat template, at least 0. Default: 64.</summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Decides the task's items. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        SizedOptionFaults.AddLengths(Lengths, nameof(Lengths), faults);
        SizedOptionFaults.AddDepths(Depths, nameof(Depths), faults);
        SizedOptionFaults.AddAtLeast(ItemsPerCell, 1, nameof(ItemsPerCell), faults);
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        if (DigitCount is < 1 or > 9) faults.Add($"{nameof(DigitCount)} is {DigitCount}, expected 1 to 9");
        if (Sentences is null || Sentences.Count < 1) faults.Add($"{nameof(Sentences)} is empty, expected at least one");
        foreach (string bad in (Sentences ?? []).Where(IsUnfit).Take(1))
        {
            faults.Add($"{nameof(Sentences)} holds \"{bad}\", expected text without digits");
        }

        if (PromptTemplate.Fault(Template, nameof(Template)) is { } fault) faults.Add(fault);
        if (Needle is null || Needle.Split("{key}").Length != 2)
        {
            faults.Add($"{nameof(Needle)} is \"{Needle}\", expected {{key}} in it exactly once");
        }

        if (faults.Count > 0) throw new ArgumentException($"{nameof(PasskeyTaskOptions)}: {string.Join("; ", faults)}.");
    }

    private static bool IsUnfit(string sentence) => string.IsNullOrWhiteSpace(sentence) || sentence.Any(char.IsDigit);
}
