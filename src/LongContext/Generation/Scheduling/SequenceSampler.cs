namespace LongContext.Generation.Scheduling;

/// <summary>Chooses a sequence's tokens, one after another.</summary>
internal sealed class SequenceSampler
{
    private readonly TokenSampler sampler;
    private readonly HashSet<int> stops;
    private readonly HashSet<int> seen = [];
    private readonly Dictionary<int, int>? counts;
    private readonly int[] masked;
    private readonly int minimum;
    private readonly bool notesSeen;
    private int made;

    public SequenceSampler(GenerationOptions options, ReadOnlySpan<int> prompt, EngineModel model)
    {
        sampler = new TokenSampler(options);
        stops = [.. options.StopTokenIds ?? model.StopTokenIds];
        minimum = options.MinimumNewTokens;
        masked = minimum > 0 ? [.. stops.Union(options.AlsoMaskedUntilMinimum).Where(id => (uint)id < (uint)model.VocabularySize)] : [];
        notesSeen = options.RepetitionPenalty != 1;
        if (notesSeen)
        {
            foreach (int token in prompt) seen.Add(token);
        }

        counts = options.FrequencyPenalty != 0 || options.PresencePenalty != 0 ? [] : null;
    }

    /// <summary>The next token; the scores are changed.</summary>
    public int Next(Span<float> logits)
    {
        if (made < minimum)
        {
            foreach (int token in masked) logits[token] = float.NegativeInfinity;
        }

        return sampler.Next(logits, seen, counts);
    }

    public bool IsStop(int token) => stops.Contains(token);

    /// <summary>Notes a token of the answer.</summary>
    public void Take(int token)
    {
        made++;
        if (notesSeen) seen.Add(token);
        if (counts is not null) counts[token] = counts.GetValueOrDefault(token) + 1;
    }
}
