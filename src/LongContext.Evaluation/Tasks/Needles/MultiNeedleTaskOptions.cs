namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Options of a <see cref="MultiNeedleTask"/>.</summary>
public sealed record MultiNeedleTaskOptions : NeedleTestOptions
{
    private static readonly HiddenNeedle[] OwnNeedles = [Dish("smoked trout"), Dish("chestnut soup"), Dish("plum dumplings"), Dish("rye pancakes"), Dish("pickled fennel")];

    /// <summary>All defaults.</summary>
    public MultiNeedleTaskOptions()
        : base("multi-needle", [0, 0.25, 0.5, 0.75], "Which are the five dishes of the midwinter feast at Amber Point?")
    {
    }

    /// <summary>What is hidden, at least one needle. Default: five dishes of a feast.</summary>
    public IReadOnlyList<HiddenNeedle> Needles { get; init; } = OwnNeedles;

    internal override IReadOnlyList<string> HiddenTexts => [.. Needles.Select(needle => needle.Text)];

    internal override string RightAnswer => string.Join(' ', Needles.Select(needle => needle.Text.Trim()));

    internal override IReadOnlyList<string> Phrases => [.. Needles.Select(needle => needle.KeyPhrase)];

    internal override bool HasOwnNeedle => ReferenceEquals(Needles, OwnNeedles);

    private protected override void AddFaults(List<string> faults)
    {
        if (Needles is null || Needles.Count == 0) faults.Add($"{nameof(Needles)} is empty, expected at least one");
        foreach (HiddenNeedle? bad in (Needles ?? []).Where(needle => needle is null || string.IsNullOrWhiteSpace(needle.Text) || string.IsNullOrWhiteSpace(needle.KeyPhrase)
            || !needle.Text.Contains(needle.KeyPhrase, StringComparison.OrdinalIgnoreCase)).Take(1))
            faults.Add($"{nameof(Needles)} holds {bad?.ToString() ?? "null"}, expected a text with the key phrase in it");
    }

    private static HiddenNeedle Dish(string name) => new($"One of the five dishes of the midwinter feast at Amber Point is {name}.", name);
}
