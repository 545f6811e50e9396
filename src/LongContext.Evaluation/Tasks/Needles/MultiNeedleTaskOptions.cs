namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Options of a <see cref="MultiNeedleTask"/>.</summary>
public sealed record MultiNeedleTaskOptions
{
    /// <summary>Its name. Default: "multi-needle".</summary>
    public string Name { get; init; } = "multi-needle";

    /// <summary>Lengths in tokens of prompt, answer and <see cref="TemplateTokens"/>. Default: <see cref="NeedleGrid.StandardLengths"/>.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = NeedleGrid.StandardLengths;

    /// <summary>
    /// How deep the first needle is hidden, 0 to 1: the others follow at even steps from there to the end, as in the needle test. An item for each length and depth. Default: 0, 0.25,
    /// 0.5 and 0.75.
    /// </summary>
    public IReadOnlyList<double> Depths { get; init; } = [0, 0.25, 0.5, 0.75];

    /// <summary>Items of each length and depth, at least 1; they differ where the haystack does, which is the built-in one. Default: 1.</summary>
    public int ItemsPerCell { get; init; } = 1;

    /// <summary>
    /// Files, folders and patterns of the text around: text, or JSON with a field "text". Default: none, for plain sentences in an order of the seed's.
    /// </summary>
    public IReadOnlyList<string> Haystack { get; init; } = [];

    /// <summary>What is hidden, at least one needle. Default: five dishes of a feast.</summary>
    public IReadOnlyList<HiddenNeedle> Needles { get; init; } = [Dish("smoked trout"), Dish("chestnut soup"), Dish("plum dumplings"), Dish("rye pancakes"), Dish("pickled fennel")];

    /// <summary>What is asked. Default: which dishes there are.</summary>
    public string Question { get; init; } = "Which are the five dishes of the midwinter feast at Amber Point?";

    /// <summary>What follows the question. Default: the needle test's own words.</summary>
    public string Instruction { get; init; } = " Don't give information outside the document or repeat your findings";

    /// <summary>The system message, or null for none. Default: the needle test's own.</summary>
    public string? System { get; init; } = "You are a helpful AI bot that answers questions for a user. Keep your response short and direct";

    /// <summary>Scores answers in place of the share of key phrases, or null (the default).</summary>
    public NeedleJudge? Judge { get; init; }

    /// <summary>Names the judge with all that decides its scores; required where there is one.</summary>
    public string? JudgeIdentity { get; init; }

    /// <summary>Tokens of an answer at most, at least 1. Default: 128.</summary>
    public int MaximumNewTokens { get; init; } = 128;

    /// <summary>Tokens of each length kept free for a chat template, at least 0. Default: 64.</summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Decides the order of built-in sentences. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty");
        SizedOptionFaults.AddLengths(Lengths, nameof(Lengths), faults);
        SizedOptionFaults.AddDepths(Depths, nameof(Depths), faults);
        SizedOptionFaults.AddAtLeast(ItemsPerCell, 1, nameof(ItemsPerCell), faults);
        if (Haystack is null) faults.Add($"{nameof(Haystack)} is null");
        if (Needles is null || Needles.Count == 0) faults.Add($"{nameof(Needles)} is empty, expected at least one");
        foreach (HiddenNeedle? bad in (Needles ?? []).Where(needle => needle is null || string.IsNullOrWhiteSpace(needle.Text) || string.IsNullOrWhiteSpace(needle.KeyPhrase)
            || !needle.Text.Contains(needle.KeyPhrase, StringComparison.OrdinalIgnoreCase)).Take(1))
            faults.Add($"{nameof(Needles)} holds {bad?.ToString() ?? "null"}, expected a text with the key phrase in it");
        if (string.IsNullOrWhiteSpace(Question)) faults.Add($"{nameof(Question)} is empty");
        if (Instruction is null) faults.Add($"{nameof(Instruction)} is null");
        if (Judge is not null && string.IsNullOrWhiteSpace(JudgeIdentity)) faults.Add($"{nameof(JudgeIdentity)} is empty, expected what tells the {nameof(Judge)} apart from others");
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(MultiNeedleTaskOptions)}: {string.Join("; ", faults)}.");
    }

    private static HiddenNeedle Dish(string name) => new($"One of the five dishes of the midwinter feast at Amber Point is {name}.", name);
}
