using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks;

/// <summary>Options of a <see cref="PasskeyTask"/>.</summary>
public sealed class PasskeyTaskOptions
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

    internal void Validate()
    {
        List<string> faults = [];
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
