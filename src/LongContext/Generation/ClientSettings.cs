using System.Globalization;

namespace LongContext.Generation;

/// <summary>What a client's options say about answers where requests do not, in words, so that answers under other options are told apart.</summary>
internal static class ClientSettings
{
    /// <summary>What differs from the defaults, each with a comma before it. What every request of a run says by itself, and what only bounds memory, is left out.</summary>
    public static string Describe(LongContextChatClientOptions options, KeyValueCacheFormat cache = KeyValueCacheFormat.Model, bool roundsActivations = false)
    {
        List<string> found = [];
        GenerationOptions own = options.Generation ?? new(), usual = new();
        void Add<T>(string name, T value, T standard)
        {
            if (!EqualityComparer<T>.Default.Equals(value, standard)) found.Add(string.Create(CultureInfo.InvariantCulture, $", {name} {value}"));
        }

        Add("temperature", own.Temperature, usual.Temperature);
        Add("top k", own.TopK, usual.TopK);
        Add("top p", own.TopP, usual.TopP);
        Add("min p", own.MinP, usual.MinP);
        Add("typical p", own.TypicalP, usual.TypicalP);
        Add("top n sigma", own.TopNSigma, usual.TopNSigma);
        Add("logit bias", own.LogitBias.Count > 0 ? string.Join(' ', own.LogitBias.OrderBy(x => x.Key).Select(x => string.Create(CultureInfo.InvariantCulture, $"{x.Key}:{x.Value}"))) : null, null);
        Add("bad words", own.BadWordIds.Count > 0 ? string.Join(' ', own.BadWordIds.Select(word => $"[{string.Join(' ', word)}]").Order(StringComparer.Ordinal)) : null, null);
        Add("no repeated n-gram", own.NoRepeatNGramSize, usual.NoRepeatNGramSize);
        Add("grammar", own.Grammar?.Description, null);
        Add("repetition penalty", own.RepetitionPenalty, usual.RepetitionPenalty);
        Add("frequency penalty", own.FrequencyPenalty, usual.FrequencyPenalty);
        Add("presence penalty", own.PresencePenalty, usual.PresencePenalty);
        Add("minimum tokens", own.MinimumNewTokens, usual.MinimumNewTokens);
        Add("seed", own.Seed, usual.Seed);
        // Which tokens they are counts, not their order.
        Add("stop tokens", own.StopTokenIds is { } ids ? $"[{string.Join(' ', ids.Distinct().Order())}]" : null, null);
        Add("rerotates keys", own.RerotateCachedKeys, usual.RerotateCachedKeys);
        Add("drops context at the original window", own.DropsContextAtOriginalWindow, usual.DropsContextAtOriginalWindow);
        Add("cache", cache, KeyValueCacheFormat.Model);
        Add("activations rounded", roundsActivations, false);
        Add("JSON whitespace", options.JsonWhitespace, null);
        Add("thoughts in the text", !options.SeparatesReasoning, false);
        Add("thinking", options.Rendering.EnableThinking, null);
        Add("date", options.Rendering.Date?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), null);
        return string.Concat(found);
    }
}
