namespace LongContext.Data.Cleaning;

/// <summary>An instance of an evaluation that stands in the training data, in whole or in part.</summary>
/// <param name="Set">The evaluation.</param>
/// <param name="Instance">The instance.</param>
/// <param name="NGrams">Its n-grams.</param>
/// <param name="FoundNGrams">Of these, those in the training data.</param>
public sealed record ContaminatedInstance(string Set, string Instance, int NGrams, int FoundNGrams);
