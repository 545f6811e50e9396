using System.Buffers;
using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using Microsoft.ML.Tokenizers;

namespace LongContext.Benchmarks.Evaluation;

/// <summary>What strategies are called with where no model is asked; tokens are guessed, so that search alone is measured.</summary>
internal sealed class SearchSession : IModelSession
{
    public EvaluationModel Model { get; } = new() { Name = "none", Client = null!, Tokenizer = new GuessingTokenizer() };

    public StrategyContext Context => new() { Session = this };

    public ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    private sealed class GuessingTokenizer : Tokenizer
    {
        public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => throw new NotSupportedException();

        protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) => throw new NotSupportedException();

        protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) => (text?.Length ?? textSpan.Length) / 4;
    }
}
