using System.Collections.ObjectModel;

namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="TokenDenoiser"/>.</summary>
public sealed class TokenDenoiserOptions
{
    /// <summary>
    /// The ids that stand for gaps, the first gap's first: at least 1, different, not negative, and in no document. Required. T5 and UL2 have
    /// 100, &lt;extra_id_0&gt; to &lt;extra_id_99&gt;; a text has no more gaps than there are ids.
    /// </summary>
    public required IReadOnlyList<int> SentinelIds { get; init; }

    /// <summary>What may be done to a text. Default: <see cref="Denoiser.Ul2"/>.</summary>
    public IReadOnlyList<Denoiser> Denoisers { get; init; } = Denoiser.Ul2;

    /// <summary>
    /// Tokens before the text that name the mode: empty (the default), or some for every mode among the <see cref="Denoisers"/>, none of them
    /// the beginning of another's.
    /// </summary>
    public IReadOnlyDictionary<DenoisingMode, IReadOnlyList<int>> ModeTokens { get; init; } =
        ReadOnlyDictionary<DenoisingMode, IReadOnlyList<int>>.Empty;

    /// <summary>A token before everything, or null (the default) for none. Documents are given without it.</summary>
    public int? BeginningOfSentence { get; init; }

    /// <summary>A token after the target, counted by the loss, or null (the default) for none. Documents are given without it.</summary>
    public int? EndOfSentence { get; init; }

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        Denoiser.AddFaults(Denoisers, faults);
        if (SentinelIds is null || SentinelIds.Count == 0) faults.Add($"{nameof(SentinelIds)} is empty, expected at least one id");
        else if (SentinelIds.Distinct().Count() != SentinelIds.Count) faults.Add($"{nameof(SentinelIds)} holds an id twice");
        foreach (int bad in (SentinelIds ?? []).Where(id => id < 0).Take(1)) faults.Add($"{nameof(SentinelIds)} holds {bad}, expected ids from 0");
        AddModeFaults(faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(TokenDenoiserOptions)}: {string.Join("; ", faults)}.");
    }

    private void AddModeFaults(List<string> faults)
    {
        if (ModeTokens is null) faults.Add($"{nameof(ModeTokens)} is null");
        if (ModeTokens is null || ModeTokens.Count == 0) return;
        foreach ((DenoisingMode mode, IReadOnlyList<int> tokens) in ModeTokens)
        {
            if (tokens is null || tokens.Count == 0 || tokens.Any(id => id < 0)) faults.Add($"{nameof(ModeTokens)}[{mode}] is empty or holds a negative id");
            else if (ModeTokens.FirstOrDefault(other => other.Key != mode && other.Value is not null && other.Value.Take(tokens.Count).SequenceEqual(tokens)) is { Value: not null } same)
                faults.Add($"{nameof(ModeTokens)}[{mode}] is the beginning of {nameof(ModeTokens)}[{same.Key}]");
        }

        foreach (DenoisingMode mode in (Denoisers ?? []).Where(denoiser => denoiser is not null).Select(denoiser => denoiser.Mode).Distinct())
        {
            if (!ModeTokens.ContainsKey(mode)) faults.Add($"{nameof(ModeTokens)} has none for {mode}, expected tokens for every mode or for none");
        }
    }
}
