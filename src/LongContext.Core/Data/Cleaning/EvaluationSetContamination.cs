namespace LongContext.Data.Cleaning;

/// <summary>How much of an evaluation stands in the training data.</summary>
/// <param name="Set">The evaluation.</param>
/// <param name="Instances">Its instances.</param>
/// <param name="TooShort">Of these, those of which nothing could be looked for.</param>
/// <param name="Found">Of these, those with at least one n-gram in the training data ("dirty" in GPT-3's words).</param>
/// <param name="NGrams">N-grams of all its instances, each once an instance.</param>
/// <param name="FoundNGrams">Of these, those in the training data.</param>
public sealed record EvaluationSetContamination(string Set, int Instances, int TooShort, int Found, long NGrams, long FoundNGrams)
{
    /// <summary>Found instances of those that could be looked for, from 0 to 1; 0 where there is none.</summary>
    public double FoundShare => Instances == TooShort ? 0 : (double)Found / (Instances - TooShort);
}
