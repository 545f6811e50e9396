using System.Runtime.CompilerServices;

namespace LongContext.Generation.Scheduling;

/// <summary>A chat client's tokens by an engine: many requests at once.</summary>
internal sealed class EngineTokenGenerator(GenerationEngine engine) : ITokenGenerator
{
    public int? MaximumTokens => engine.MaximumSequenceTokens;

    public CacheRoom? Room(int prompt, int answer, TokenDropping? dropping) => engine.Room(prompt, answer, dropping);

    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, GenerationUsage usage, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StreamingGeneration tokens = RequestFault.Checked(() => engine.StreamAsync(request, cancellationToken));
        usage.ReusedTokens = 0;
        await foreach (GeneratedToken token in tokens.ConfigureAwait(false))
        {
            usage.ReusedTokens = tokens.ReusedTokens;
            usage.PromptDetails ??= tokens.PromptDetails;
            usage.DroppedTokens = Math.Max(usage.DroppedTokens, tokens.DroppedTokens);
            try
            {
                yield return token;
            }
            finally
            {
                // Before the stream is disposed, which would give the request up.
                if (usage.IsEnough) tokens.Stream.SetEnough();
            }
        }

        usage.ReusedTokens = tokens.ReusedTokens;
        usage.PromptDetails ??= tokens.PromptDetails;
        usage.DroppedTokens = Math.Max(usage.DroppedTokens, tokens.DroppedTokens);
        usage.StopToken = tokens.Result?.StopToken;
        usage.FinishReason = tokens.Result?.FinishReason;
        if (tokens.Result is { } result) usage.TimeAfterFirst = result.Duration - result.TimeToFirstToken;
    }
}
