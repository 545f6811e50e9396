using LongContext.Generation.Sampling;

namespace LongContext.Generation.Grammars;

/// <summary>A constraint that holds only behind a token: what comes before it, such as a model's thoughts, is free but may not be the end.</summary>
/// <param name="opening">The token behind which the constraint holds.</param>
/// <param name="stopTokenIds">Tokens that end the sequence.</param>
/// <param name="inner">The constraint.</param>
internal sealed class LateConstraint(int opening, IReadOnlyCollection<int> stopTokenIds, ITokenConstraint inner) : ITokenConstraint
{
    private readonly int[] stops = [.. stopTokenIds.Where(id => id >= 0).Distinct()];
    private int before, behind;
    private bool isOpen;

    /// <summary>The constraint that options ask for; null for none.</summary>
    public static ITokenConstraint? Of(GenerationOptions options, IReadOnlyCollection<int> stopTokenIds)
    {
        if ((options.AnswerGrammar ?? options.Grammar?.Texts) is not { } grammar) return null;
        // What comes before it is text, too.
        var constraint = new GrammarConstraint(grammar, stopTokenIds, isInText: options.ContinuesText || options.GrammarBegins is not null);
        return options.GrammarBegins is { } token ? new LateConstraint(token, stopTokenIds, constraint) : constraint;
    }

    /// <inheritdoc/>
    public bool MustEnd => isOpen && inner.MustEnd;

    /// <inheritdoc/>
    public bool TakesAnything => isOpen && inner.TakesAnything;

    /// <inheritdoc/>
    public bool MayGuess => inner.MayGuess;

    /// <inheritdoc/>
    public void Mask(Span<float> logits)
    {
        if (isOpen)
        {
            inner.Mask(logits);
            return;
        }

        foreach (int stop in stops)
        {
            if (stop < logits.Length) logits[stop] = float.NegativeInfinity;
        }
    }

    /// <inheritdoc/>
    public bool TryAccept(int token)
    {
        if (isOpen)
        {
            if (!inner.TryAccept(token)) return false;
            behind++;
            return true;
        }

        if (Array.IndexOf(stops, token) >= 0) return false;
        before++;
        isOpen = token == opening;
        return true;
    }

    /// <inheritdoc/>
    public void Rollback(int count)
    {
        if (count < 0 || count > before + behind) throw new ArgumentOutOfRangeException(nameof(count), count, $"Expected 0 to {before + behind}, the tokens that were accepted.");
        int own = Math.Min(count, behind);
        inner.Rollback(own);
        behind -= own;
        if (count == own) return;
        // The token that opened it is the last one before it.
        before -= count - own;
        isOpen = false;
    }
}
