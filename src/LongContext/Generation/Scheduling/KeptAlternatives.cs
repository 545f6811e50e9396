namespace LongContext.Generation.Scheduling;

/// <summary>How many likeliest tokens a request has kept for it, with their log-probabilities, until it is at its end: 8 bytes each.</summary>
internal static class KeptAlternatives
{
    /// <summary>At most: of an answer that is as long as it may be.</summary>
    public static long Of(GenerationOptions options, int promptTokens, int vocabularySize) =>
        At(promptTokens, options.PromptLogProbabilities, vocabularySize) + At(options.MaximumNewTokens, options.LogProbabilities, vocabularySize);

    /// <exception cref="ArgumentException">They are more than one request may have.</exception>
    public static void Check(GenerationRequest request, int vocabularySize, int most)
    {
        GenerationOptions options = request.Options;
        if (Of(options, request.Prompt.Length, vocabularySize) is var wanted && wanted <= most) return;
        string[] parts =
        [
            .. options.PromptLogProbabilities is > 0 and var ofPrompt ? [$"GenerationOptions.PromptLogProbabilities asks for {ofPrompt} tokens at each of {request.Prompt.Length} places of the prompt"] : Array.Empty<string>(),
            .. options.LogProbabilities is > 0 and var ofAnswer ? [$"GenerationOptions.LogProbabilities asks for {ofAnswer} tokens at each of up to {options.MaximumNewTokens} places of the answer"] : Array.Empty<string>(),
        ];
        throw new ArgumentException($"{string.Join(", ", parts)}, {wanted} in all, expected at most {most} in all (GenerationEngineOptions.{nameof(GenerationEngineOptions.MaximumLogProbabilities)}).", nameof(request));
    }

    private static long At(int places, int? alternatives, int vocabularySize) => (long)places * Math.Min(alternatives ?? 0, vocabularySize);
}
