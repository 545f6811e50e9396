namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>What tests with one needle and with several have in common: what is hidden where, and how it is asked for.</summary>
internal sealed record NeedlePlan
{
    public required string Name { get; init; }

    public required IReadOnlyList<int> Lengths { get; init; }

    public required IReadOnlyList<double> Depths { get; init; }

    public required int ItemsPerCell { get; init; }

    public required IReadOnlyList<string> HaystackFiles { get; init; }

    public required IReadOnlyList<string> Needles { get; init; }

    public required string Question { get; init; }

    public required string Instruction { get; init; }

    public required string? System { get; init; }

    public required string Answer { get; init; }

    public required IReadOnlyList<string> KeyPhrases { get; init; }

    public required NeedleScoring Scoring { get; init; }

    public required NeedleJudge? Judge { get; init; }

    public required string? JudgeIdentity { get; init; }

    public required int MaximumNewTokens { get; init; }

    public required int TemplateTokens { get; init; }

    public required int Seed { get; init; }
}
