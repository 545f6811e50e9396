namespace LongContext.Generation.Sampling;

/// <summary>What a sampler needs of a row of scores.</summary>
/// <param name="Candidates">So many of the likeliest tokens, with the row's mass, suffice nearly always; 0: the whole row is wanted.</param>
/// <param name="InverseTemperature">1 / temperature of the scaled mass.</param>
internal readonly record struct RowNeed(int Candidates, float InverseTemperature)
{
    /// <summary>Candidates of a row, at most; and as many of the likeliest tokens come first where a draw goes through the tokens.</summary>
    public const int MostCandidates = 64;

    /// <summary>The whole row.</summary>
    public static RowNeed Whole => default;
}
