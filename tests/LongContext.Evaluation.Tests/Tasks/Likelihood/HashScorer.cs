using LongContext.Evaluation.Support;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Gives every token after every context a likelihood of its own: a wrong token, a wrong context or a wrong place shows.</summary>
internal class HashScorer(Tokenizer tokenizer) : ITokenScorer
{
    public Tokenizer Tokenizer { get; } = tokenizer;

    public int? ContextLength { get; init; }

    public int? BeginningOfSentenceTokenId { get; init; }

    public int? PrefixTokenId { get; init; }

    public List<int[]> Read { get; } = [];

    public virtual ValueTask<IReadOnlyList<float>> LogProbabilitiesAsync(ReadOnlyMemory<int> tokens, int start, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfLessThan(start, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(start, tokens.Length);
        Read.Add(tokens.ToArray());
        return ValueTask.FromResult<IReadOnlyList<float>>([.. Enumerable.Range(start, tokens.Length - start).Select(i => Of(tokens.Span[..i], tokens.Span[i]))]);
    }

    /// <summary>Minus 0 to 5 nats, from all tokens before and the token.</summary>
    public static float Of(ReadOnlySpan<int> before, int token)
    {
        ulong hash = 1469598103934665603;
        foreach (int id in before) hash = (hash ^ (uint)id) * 1099511628211;
        hash = (hash ^ (uint)token ^ 0x9E3779B9) * 1099511628211;
        return (hash >> 20) % 5000 / -1000f;
    }

    /// <summary>A session with a model that scores.</summary>
    public static IModelSession Session(ITokenScorer? scorer, Tokenizer? tokenizer = null, IPromptRenderer? renderer = null) => new DirectSession(
        new EvaluationModel { Name = "scored", Client = new Client(scorer, renderer), Tokenizer = tokenizer ?? scorer!.Tokenizer },
        (_, _, _) => throw new InvalidOperationException("nothing is to be asked"));

    private sealed class Client(ITokenScorer? scorer, IPromptRenderer? renderer) : DelegatingChatClient(new ScriptedClient(_ => "nothing"))
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(ITokenScorer) ? scorer : serviceType == typeof(IPromptRenderer) ? renderer : base.GetService(serviceType, serviceKey);
    }
}
