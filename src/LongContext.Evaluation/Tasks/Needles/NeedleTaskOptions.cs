namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Options of a <see cref="NeedleTask"/>.</summary>
public sealed record NeedleTaskOptions : NeedleTestOptions
{
    private const string OwnNeedle = "The lighthouse keeper of Amber Point keeps a spare brass key under the third blue flowerpot.";

    /// <summary>All defaults.</summary>
    public NeedleTaskOptions()
        : base("needle", NeedleGrid.StandardDepths, "Where does the lighthouse keeper of Amber Point keep a spare brass key?")
    {
    }

    /// <summary>What is hidden. Default: a sentence about a key.</summary>
    public string Needle { get; init; } = OwnNeedle;

    /// <summary>The right answer, for judges and ROUGE; null (the default) for the needle.</summary>
    public string? Answer { get; init; }

    /// <summary>What an answer must hold, at least one phrase. Default: that of the default needle.</summary>
    public IReadOnlyList<string> KeyPhrases { get; init; } = ["third blue flowerpot"];

    /// <summary>How answers are scored where there is no judge. Default: <see cref="NeedleScoring.KeyPhrases"/>.</summary>
    public NeedleScoring Scoring { get; init; }

    internal override IReadOnlyList<string> HiddenTexts => [Needle];

    internal override string RightAnswer => Answer ?? Needle.Trim();

    internal override IReadOnlyList<string> Phrases => KeyPhrases;

    internal override NeedleScoring EffectiveScoring => Scoring;

    internal override bool HasOwnNeedle => Needle == OwnNeedle;

    private protected override void AddFaults(List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(Needle)) faults.Add($"{nameof(Needle)} is empty");
        if (KeyPhrases is null || KeyPhrases.Count == 0 || KeyPhrases.Any(string.IsNullOrWhiteSpace)) faults.Add($"{nameof(KeyPhrases)} is empty or holds an empty phrase, expected at least one");
        else if (Judge is null && Scoring == NeedleScoring.KeyPhrases && KeyPhrases.FirstOrDefault(phrase => !(Answer ?? Needle ?? "").Contains(phrase, StringComparison.OrdinalIgnoreCase)) is { } strange)
            faults.Add($"{nameof(KeyPhrases)} holds \"{strange}\", which is not in {(Answer is null ? nameof(Needle) : nameof(Answer))}");
        if (!Enum.IsDefined(Scoring)) faults.Add($"{nameof(Scoring)} is {Scoring}, expected KeyPhrases or RougeL");
    }
}
