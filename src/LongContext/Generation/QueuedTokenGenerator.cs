using System.Runtime.CompilerServices;
using LongContext.Models;

namespace LongContext.Generation;

/// <summary>One request at a time on the thread pool: a token is computed when it is asked for, and the next request waits until the last is done.</summary>
/// <remarks>Nothing is shared between requests, so a salt has nothing to keep apart; they are served in the order in which they came, whatever their priority.</remarks>
internal sealed class QueuedTokenGenerator(CausalLanguageModel model) : ITokenGenerator
{
    private readonly TextGenerator generator = new(model);
    private readonly ModelGate gate = ModelGate.Of(model);

    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, GenerationUsage usage, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RequestFault.Checked(() => Refusal(request) is { } refusal ? throw refusal : true);
        using IDisposable pass = await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        using IEnumerator<GeneratedToken> tokens = RequestFault.Checked(() => generator.StreamDetailed(request.Prompt, request.Options, cancellationToken, usage)).GetEnumerator();
        // Not cancelled from outside once it runs: the enumerator must be at rest when it is disposed, and it looks at the token itself.
        while (await Task.Run(tokens.MoveNext, cancellationToken).ConfigureAwait(false)) yield return tokens.Current;
    }

    private NotSupportedException? Refusal(GenerationRequest request)
    {
        if (request.PositionRemapping is { } remapping && remapping != model.PositionRemapping)
            return new NotSupportedException($"The request asks for {remapping}, but without an engine positions are remapped for all requests or none (CausalLanguageModel.PositionRemapping).");
        return request.Dropping is null ? null : new NotSupportedException($"The request asks for {request.Dropping}, but without an engine no tokens are dropped.");
    }
}
