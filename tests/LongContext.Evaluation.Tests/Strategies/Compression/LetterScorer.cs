using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>A token scorer whose tokens have the value that a function of the token and those before it gives; keeps what it was asked.</summary>
internal sealed class LetterScorer(Tokenizer tokenizer, Func<int[], int, float> score, int? contextLength = null, int? begin = null) : ITokenScorer
{
    public List<(int[] Tokens, int Start)> Asked { get; } = [];

    public Tokenizer Tokenizer => tokenizer;

    public int? ContextLength => contextLength;

    public int? BeginningOfSentenceTokenId => begin;

    public ValueTask<IReadOnlyList<float>> LogProbabilitiesAsync(ReadOnlyMemory<int> tokens, int start, CancellationToken cancellationToken = default)
    {
        int[] all = tokens.ToArray();
        if (all.Length < 2 || start < 1 || start >= all.Length) throw new ArgumentException($"{all.Length} tokens from {start}");
        if (contextLength is { } most && all.Length > most) throw new ArgumentException($"{all.Length} tokens are more than {most}");
        lock (Asked) Asked.Add((all, start));
        return ValueTask.FromResult<IReadOnlyList<float>>([.. Enumerable.Range(start, all.Length - start).Select(i => score(all, i))]);
    }
}
