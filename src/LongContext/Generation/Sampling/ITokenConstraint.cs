namespace LongContext.Generation.Sampling;

/// <summary>What the tokens of one sequence may be, as a grammar says it. Used by one thread at a time.</summary>
internal interface ITokenConstraint
{
    /// <summary>Whether nothing may follow but the end.</summary>
    bool MustEnd { get; }

    /// <summary>Whether it is known that <see cref="Mask"/> changes no score, so that no scores are needed for it. Takes no time and has no faults.</summary>
    bool TakesAnything { get; }

    /// <summary>Whether guesses may be made under it: false while what tokens that were taken back have cost is more than an answer may.</summary>
    bool MayGuess { get; }

    /// <summary>Sets the scores of all tokens that may not come next to −∞; an end token stays only where the text is complete.</summary>
    /// <param name="logits">One score for each token of the vocabulary.</param>
    void Mask(Span<float> logits);

    /// <summary>Takes the next token.</summary>
    /// <returns>False where it may not come next; nothing has changed then.</returns>
    bool TryAccept(int token);

    /// <summary>Takes the last tokens back.</summary>
    /// <param name="count">Of the accepted ones, how many.</param>
    void Rollback(int count);
}
