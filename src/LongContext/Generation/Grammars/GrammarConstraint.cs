using System.Numerics;
using LongContext.Generation.Sampling;

namespace LongContext.Generation.Grammars;

/// <summary>Where one sequence is in a grammar.</summary>
/// <param name="grammar">The grammar, shared with others.</param>
/// <param name="stopTokenIds">Tokens that end the sequence; they may come where the text is complete.</param>
/// <param name="isInText">Whether the sequence is decoded behind another text. Default false.</param>
/// <param name="credit">Places and nodes that may be looked at before the first token.</param>
internal sealed class GrammarConstraint(CompiledGrammar grammar, IReadOnlyCollection<int> stopTokenIds, bool isInText = false, long credit = GrammarConstraint.FirstCredit) : ITokenConstraint
{
    /// <summary>Places and nodes that may be looked at for an answer: some two thirds of a second, then about 40 ms for each token.</summary>
    private const long FirstCredit = 16 << 20, CreditOfToken = 1 << 20;

    /// <summary>States that are kept for taking tokens back; no more are ever guessed at once.</summary>
    private const int MostPast = 1024;

    private readonly int[] stops = [.. stopTokenIds.Where(id => id >= 0).Distinct()];
    private readonly float[] scores = new float[stopTokenIds.Count];

    /// <summary>The states, each with what may be looked at up to there and what was: what guesses take and bring goes with them where they are taken back.</summary>
    private readonly List<(GrammarState State, long Granted, long Spent)> past = [(isInText ? grammar.StartInText : grammar.Start, credit, 0)];
    private long takenBack;
    private int ends;

    /// <summary>Whether the text is complete as it is.</summary>
    public bool IsComplete => ends == 0 && Current.IsComplete;

    /// <inheritdoc/>
    public bool MustEnd => ends > 0 || (Current.IsComplete && Current.Places.Length == 0);

    /// <inheritdoc/>
    public bool TakesAnything => IsComplete && grammar.TakesAnything(Current);

    /// <summary>Places and nodes that may still be looked at.</summary>
    public long Credit => past[^1].Granted - past[^1].Spent;

    /// <inheritdoc/>
    /// <remarks>Others wait for guesses' masks, too. An answer may take as much time again for them as for its own, and does without guesses then: they never end it.</remarks>
    public bool MayGuess => takenBack <= past[^1].Granted;

    private GrammarState Current => past[^1].State;

    /// <inheritdoc/>
    public void Mask(Span<float> logits)
    {
        (GrammarState state, long granted, long spent) = past[^1];
        ReadOnlySpan<ulong> allowed = grammar.Allowed(state, out long work);
        // Others wait meanwhile: one answer may take so much of their time, and some more for each of its tokens.
        spent += work;
        past[^1] = (state, granted, spent);
        if (spent > granted) throw new NoTokenAllowedException("The grammar is too ambiguous: finding the tokens that may come next took too long again and again. Make alternatives (anyOf, pattern) differ earlier, or repetitions simpler.") { IsOfGrammar = true };
        // Kept aside: an end token may also spell a text.
        for (int i = 0; i < stops.Length; i++) scores[i] = IsComplete && stops[i] < logits.Length ? logits[stops[i]] : float.NegativeInfinity;
        // Free text may have special tokens in it, and whatever else spells nothing.
        bool isFree = ends == 0 && grammar.IsFree(state);
        ReadOnlySpan<ulong> silent = grammar.TokensWithoutText;
        int known = Math.Min(logits.Length, allowed.Length * 64);
        for (int start = 0; start < known; start += 64)
        {
            ulong bits = ends > 0 ? 0 : isFree ? allowed[start >> 6] | silent[start >> 6] : allowed[start >> 6];
            Span<float> part = logits.Slice(start, Math.Min(64, known - start));
            if (bits == 0)
            {
                part.Fill(float.NegativeInfinity);
                continue;
            }

            for (ulong banned = ~bits; banned != 0; banned &= banned - 1)
            {
                int bit = BitOperations.TrailingZeroCount(banned);
                if (bit >= part.Length) break;
                part[bit] = float.NegativeInfinity;
            }
        }

        if (!isFree) logits[known..].Fill(float.NegativeInfinity);
        for (int i = 0; i < stops.Length; i++)
        {
            if (stops[i] < logits.Length) logits[stops[i]] = scores[i];
        }
    }

    /// <inheritdoc/>
    public bool TryAccept(int token)
    {
        if (Array.IndexOf(stops, token) >= 0)
        {
            if (!IsComplete) return false;
            ends++;
            past.Add(past[^1]);
            return true;
        }

        if (ends > 0 || grammar.After(Current, token) is not { } next) return false;
        past.Add((next, past[^1].Granted + CreditOfToken, past[^1].Spent));
        if (past.Count > 2 * MostPast) past.RemoveRange(0, MostPast);
        return true;
    }

    /// <inheritdoc/>
    public void Rollback(int count)
    {
        if ((uint)count >= (uint)past.Count) throw new ArgumentOutOfRangeException(nameof(count), count, $"Expected 0 to {past.Count - 1}, the tokens that were accepted.");
        long spent = past[^1].Spent;
        past.RemoveRange(past.Count - count, count);
        takenBack += spent - past[^1].Spent;
        ends = Math.Max(0, ends - count);
    }
}
