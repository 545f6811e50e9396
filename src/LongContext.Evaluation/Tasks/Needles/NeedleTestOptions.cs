using LongContext.Evaluation.Tasks.Judging;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>What <see cref="NeedleTaskOptions"/> and <see cref="MultiNeedleTaskOptions"/> share: the grid, the text around, the question, and who scores.</summary>
public abstract record NeedleTestOptions
{
    private protected NeedleTestOptions(string name, IReadOnlyList<double> depths, string question) => (Name, Depths, Question) = (name, depths, question);

    /// <summary>The task's name in reports. Default: "needle" or "multi-needle".</summary>
    public string Name { get; init; }

    /// <summary>Lengths in tokens of prompt, answer and <see cref="TemplateTokens"/>. Default: <see cref="NeedleGrid.StandardLengths"/>.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = NeedleGrid.StandardLengths;

    /// <summary>
    /// How deep the needle is hidden, 0 to 1; of several the first, from where the others follow at even steps to the end, as in the needle test. Default:
    /// <see cref="NeedleGrid.StandardDepths"/>, of several needles 0, 0.25, 0.5 and 0.75.
    /// </summary>
    public IReadOnlyList<double> Depths { get; init; }

    /// <summary>Items of each cell, that is of each length and depth, at least 1; they differ where the haystack does, which is the built-in one. Default: 1.</summary>
    public int ItemsPerCell { get; init; } = 1;

    /// <summary>
    /// Files, folders and patterns of the text around, as <see cref="LongContext.Data.Reading.DataFiles.Find"/> takes them: text, or JSON with a field "text". It is used from its
    /// beginning, and again from there when it is used up. Default: none, for plain sentences in an order of the seed's.
    /// </summary>
    public IReadOnlyList<string> Haystack { get; init; } = [];

    /// <summary>What is asked. Default: what goes with the default needles.</summary>
    public string Question { get; init; }

    /// <summary>What follows the question. Default: the needle test's own words.</summary>
    public string Instruction { get; init; } = " Don't give information outside the document or repeat your findings";

    /// <summary>The system message, or null for none. Default: the needle test's own.</summary>
    public string? System { get; init; } = "You are a helpful AI bot that answers questions for a user. Keep your response short and direct";

    /// <summary>
    /// Rates answers against the right one in place of key phrases, or null (the default). The needle test has one: a <see cref="Judging.Judge"/> with <see cref="JudgePrompt.Needle"/>
    /// rates 1, 3, 5, 7 or 10.
    /// </summary>
    public Judge? Judge { get; init; }

    /// <summary>Tokens of an answer at most, at least 1. Default: 300, as the needle test.</summary>
    public int MaximumNewTokens { get; init; } = 300;

    /// <summary>
    /// Tokens of each length kept free for a chat template, at least 0. Default: 64. With the answer's more than the 200 in all that the needle test keeps, which may leave its answers
    /// outside of the length.
    /// </summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Decides the order of built-in sentences. Default: 0.</summary>
    public int Seed { get; init; }

    /// <summary>What is hidden.</summary>
    internal abstract IReadOnlyList<string> HiddenTexts { get; }

    /// <summary>The right answer.</summary>
    internal abstract string RightAnswer { get; }

    /// <summary>What an answer must hold.</summary>
    internal abstract IReadOnlyList<string> Phrases { get; }

    /// <summary>How answers are scored where there is no judge.</summary>
    internal virtual NeedleScoring EffectiveScoring => NeedleScoring.KeyPhrases;

    /// <summary>Whether what is hidden is the library's own.</summary>
    internal abstract bool HasOwnNeedle { get; }

    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty");
        SizedOptionFaults.AddLengths(Lengths, nameof(Lengths), faults);
        SizedOptionFaults.AddDepths(Depths, nameof(Depths), faults);
        SizedOptionFaults.AddAtLeast(ItemsPerCell, 1, nameof(ItemsPerCell), faults);
        if (Haystack is null) faults.Add($"{nameof(Haystack)} is null");
        if (string.IsNullOrWhiteSpace(Question)) faults.Add($"{nameof(Question)} is empty");
        if (Instruction is null) faults.Add($"{nameof(Instruction)} is null");
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        AddFaults(faults);
        if (faults.Count > 0) throw new ArgumentException($"{GetType().Name}: {string.Join("; ", faults)}.");
    }

    private protected abstract void AddFaults(List<string> faults);
}
