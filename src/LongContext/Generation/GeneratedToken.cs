namespace LongContext.Generation;

/// <summary>A token that a <see cref="GenerationEngine"/> has made.</summary>
/// <param name="Id">Its id in the vocabulary.</param>
public readonly record struct GeneratedToken(int Id);
