using System.Runtime.CompilerServices;
using LongContext.Models;

namespace LongContext.Generation;

/// <summary>One request at a time on the thread pool: a token is computed when it is asked for, and the next request waits until the last is done.</summary>
internal sealed class QueuedTokenGenerator(CausalLanguageModel model) : ITokenGenerator
{
    private readonly TextGenerator generator = new(model);
    private readonly ModelGate gate = ModelGate.Of(model);

    public async IAsyncEnumerable<int> GenerateAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IDisposable pass = await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        using IEnumerator<int> tokens = generator.Stream(prompt, options, cancellationToken).GetEnumerator();
        // Not cancelled from outside once it runs: the enumerator must be at rest when it is disposed, and it looks at the token itself.
        while (await Task.Run(tokens.MoveNext, cancellationToken).ConfigureAwait(false)) yield return tokens.Current;
    }
}
