using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>The same, with the prompt read once for several continuations.</summary>
internal sealed class SharedHashScorer(Tokenizer tokenizer) : HashScorer(tokenizer), ISharedPrefixScorer
{
    public int SharedCalls { get; private set; }

    public ValueTask<IReadOnlyList<IReadOnlyList<float>>> LogProbabilitiesAsync(
        ReadOnlyMemory<int> prefix, IReadOnlyList<ReadOnlyMemory<int>> continuations, CancellationToken cancellationToken = default)
    {
        SharedCalls++;
        return ValueTask.FromResult<IReadOnlyList<IReadOnlyList<float>>>(
        [
            .. continuations.Select(continuation => (IReadOnlyList<float>)[.. Enumerable.Range(0, continuation.Length)
                .Select(i => Of([.. prefix.Span, .. continuation.Span[..i]], continuation.Span[i]))]),
        ]);
    }
}
