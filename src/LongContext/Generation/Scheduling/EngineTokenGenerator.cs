using System.Runtime.CompilerServices;

namespace LongContext.Generation.Scheduling;

/// <summary>A chat client's tokens by an engine: many requests at once.</summary>
internal sealed class EngineTokenGenerator(GenerationEngine engine) : ITokenGenerator
{
    public async IAsyncEnumerable<int> GenerateAsync(ReadOnlyMemory<int> prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        StreamingGeneration tokens = engine.StreamAsync(new GenerationRequest { Prompt = prompt, Options = options }, cancellationToken);
        await foreach (GeneratedToken token in tokens.ConfigureAwait(false)) yield return token.Id;
    }
}
