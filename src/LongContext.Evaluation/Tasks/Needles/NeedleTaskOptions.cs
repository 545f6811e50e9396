namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Options of a <see cref="NeedleTask"/>.</summary>
public sealed record NeedleTaskOptions
{
    /// <summary>Its name. Default: "needle".</summary>
    public string Name { get; init; } = "needle";

    /// <summary>Lengths in tokens of prompt, answer and <see cref="TemplateTokens"/>. Default: <see cref="NeedleGrid.StandardLengths"/>.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = NeedleGrid.StandardLengths;

    /// <summary>How deep the needle is hidden, 0 to 1; an item for each length and depth. Default: <see cref="NeedleGrid.StandardDepths"/>.</summary>
    public IReadOnlyList<double> Depths { get; init; } = NeedleGrid.StandardDepths;

    /// <summary>Items of each length and depth, at least 1; they differ where the haystack does, which is the built-in one. Default: 1.</summary>
    public int ItemsPerCell { get; init; } = 1;

    /// <summary>
    /// Files, folders and patterns of the text around, as <see cref="LongContext.Data.Reading.DataFiles.Find"/> takes them: text, or JSON with a field "text". It is used from its
    /// beginning, and again from there when it is used up. Default: none, for plain sentences in an order of the seed's.
    /// </summary>
    public IReadOnlyList<string> Haystack { get; init; } = [];

    /// <summary>What is hidden. Default: a sentence about a key.</summary>
    public string Needle { get; init; } = "The lighthouse keeper of Amber Point keeps a spare brass key under the third blue flowerpot.";

    /// <summary>What is asked. Default: where the key is.</summary>
    public string Question { get; init; } = "Where does the lighthouse keeper of Amber Point keep a spare brass key?";

    /// <summary>The right answer, for judges and ROUGE; null (the default) for the needle.</summary>
    public string? Answer { get; init; }

    /// <summary>What an answer must hold, at least one phrase. Default: that of the default needle.</summary>
    public IReadOnlyList<string> KeyPhrases { get; init; } = ["third blue flowerpot"];

    /// <summary>What follows the question. Default: the needle test's own words.</summary>
    public string Instruction { get; init; } = " Don't give information outside the document or repeat your findings";

    /// <summary>The system message, or null for none. Default: the needle test's own.</summary>
    public string? System { get; init; } = "You are a helpful AI bot that answers questions for a user. Keep your response short and direct";

    /// <summary>How answers are scored. Default: <see cref="NeedleScoring.KeyPhrases"/>.</summary>
    public NeedleScoring Scoring { get; init; }

    /// <summary>Scores answers in place of that, or null (the default).</summary>
    public NeedleJudge? Judge { get; init; }

    /// <summary>Names the judge with all that decides its scores; required where there is one.</summary>
    public string? JudgeIdentity { get; init; }

    /// <summary>Tokens of an answer at most, at least 1. Default: 128.</summary>
    public int MaximumNewTokens { get; init; } = 128;

    /// <summary>Tokens of each length kept free for a chat template, at least 0. Default: 64. With the answer's, about the 200 that the needle test keeps.</summary>
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
        if (string.IsNullOrWhiteSpace(Needle)) faults.Add($"{nameof(Needle)} is empty");
        if (string.IsNullOrWhiteSpace(Question)) faults.Add($"{nameof(Question)} is empty");
        if (KeyPhrases is null || KeyPhrases.Count == 0 || KeyPhrases.Any(string.IsNullOrWhiteSpace)) faults.Add($"{nameof(KeyPhrases)} is empty or holds an empty phrase, expected at least one");
        else if (Judge is null && Scoring == NeedleScoring.KeyPhrases && KeyPhrases.FirstOrDefault(phrase => !(Answer ?? Needle ?? "").Contains(phrase, StringComparison.OrdinalIgnoreCase)) is { } strange)
            faults.Add($"{nameof(KeyPhrases)} holds \"{strange}\", which is not in {(Answer is null ? nameof(Needle) : nameof(Answer))}");
        if (Instruction is null) faults.Add($"{nameof(Instruction)} is null");
        if (!Enum.IsDefined(Scoring)) faults.Add($"{nameof(Scoring)} is {Scoring}, expected KeyPhrases or RougeL");
        if (Judge is not null && string.IsNullOrWhiteSpace(JudgeIdentity)) faults.Add($"{nameof(JudgeIdentity)} is empty, expected what tells the {nameof(Judge)} apart from others");
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(NeedleTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
